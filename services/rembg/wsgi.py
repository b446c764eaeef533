"""The rembg service for a WSGI server: `gunicorn -c deploy/gunicorn.conf.py services.rembg.wsgi:app`."""

from services.rembg.preload import begin
from services.rembg.settings import Settings
from shared import log, malloc

malloc.share_one_heap()
log.setup("rembg")
_preload = begin(Settings.read())

from services.rembg.app import start  # noqa: E402 - the network loads during this import

app = start(_preload)
