"""The api as a WSGI application: `gunicorn -c deploy/gunicorn.conf.py services.api.wsgi:app`."""

from services.api.app import start

app = start()
