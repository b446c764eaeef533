"""Mock-ups for a WSGI server: `gunicorn -c deploy/gunicorn.conf.py services.worker.mockups.wsgi:app`."""

from services.worker.mockups.app import start
from shared import log, malloc

malloc.share_one_heap()
log.setup("mockups")

app = start()
