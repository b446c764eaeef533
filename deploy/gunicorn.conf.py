# ruff: noqa: N999 - the customary name of this file
"""gunicorn's settings for the api, rembg and mock-ups: one process, many threads.

The worker is in deploy/gunicorn_worker.py.

One process, because pools and the model are in memory once per process; more capacity is more instances.
"""

import sys

from deploy.gunicorn_worker import child_exit, on_exit, on_starting  # noqa: F401 - server hooks
from shared import settings, timeouts

_APPS = {"services.rembg.": "rembg", "services.worker.mockups.": "mockups"}
_SERVICE = next((name for app, name in _APPS.items() for word in sys.argv if word.startswith(app)), "api")

_LISTEN = settings.Listen.read()

bind = _LISTEN.address({"rembg": _LISTEN.rembg_port, "mockups": _LISTEN.mockups_port}.get(_SERVICE, 8000))
worker_class = f"deploy.gunicorn_worker.{_SERVICE.capitalize()}Worker"
workers = 1
# The api: 24 may wait for a picture to be decoded (services/api/decoder), the others for Postgres and the storage.
# rembg: each picture in work (one a core) or waiting (8) holds one, and one must always be free to refuse.
# Mock-ups: 18 are drawn or wait (services/worker/mockups/files.py), and the others refuse.
threads = 96 if _SERVICE == "rembg" else 32
timeout = 120  # loading and warming up a large model on a slow machine takes up to a minute
graceful_timeout = timeouts.GRACE_S  # an event stream ends within this
keepalive = 75  # longer than a proxy keeps idle connections (60 s), so that it never uses one just being closed
forwarder_headers = ""  # gunicorn takes a path from them, so it would not be the one that decides on the threads
control_socket_disable = True  # it needs a writable home
accesslog = None  # shared.web logs requests
access_log_format = "%(t)s %(h)s %(m)s %(s)s %(B)s %(M)s"  # for --access-logfile: no path, which may be a permission
loglevel = "warning"  # until `on_starting` formats the lines
