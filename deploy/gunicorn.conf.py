# ruff: noqa: N999 - the customary name of this file
"""gunicorn's settings for the api and for rembg: one process, many threads; deploy/gunicorn_worker.py has the worker.

One process, because pools and the model are in memory once per process; more capacity is more instances.
"""

import sys

from deploy.gunicorn_worker import child_exit, on_exit, on_starting  # noqa: F401 - server hooks
from shared import settings, timeouts

_REMBG = any(argument.startswith("services.rembg") for argument in sys.argv)

bind = settings.Listen.read().address(rembg=_REMBG)
worker_class = f"deploy.gunicorn_worker.{'RembgWorker' if _REMBG else 'ApiWorker'}"
workers = 1
# The api: 24 may wait for a picture to be decoded (services/api/decoder), the others for Postgres and the storage.
# rembg: each picture in work (one a core) or waiting (8) holds one, and one must always be free to refuse.
threads = 96 if _REMBG else 32
timeout = 120  # loading and warming up a large model on a slow machine takes up to a minute
graceful_timeout = timeouts.GRACE_S  # an event stream ends within this
keepalive = 75  # longer than a proxy keeps idle connections (60 s), so that it never uses one just being closed
forwarder_headers = ""  # gunicorn takes a path from them, so it would not be the one that decides on the threads
control_socket_disable = True  # it needs a writable home
accesslog = None  # shared.web logs requests
access_log_format = "%(t)s %(h)s %(m)s %(s)s %(B)s %(M)s"  # for --access-logfile: no path, which may be a permission
loglevel = "warning"  # until `on_starting` formats the lines
