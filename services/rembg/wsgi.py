"""The rembg service for a WSGI server: `gunicorn -c deploy/gunicorn.conf.py services.rembg.wsgi:app`."""

from services.rembg.app import start

app = start()
