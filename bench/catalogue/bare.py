"""The baseline of bench/catalogue: a Flask view that returns the same bytes, behind the same server."""

import tempfile
from pathlib import Path

from flask import Flask, Response

app = Flask(__name__)
_BODY = (Path(tempfile.gettempdir()) / "body.json").read_bytes()


@app.get("/health/ready")
def ready() -> str:
    return "ok"


@app.get("/api/products")
def products() -> Response:
    return Response(_BODY, mimetype="application/json")
