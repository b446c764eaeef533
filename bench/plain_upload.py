"""The baseline of bench/uploads.py: a view that only saves the body, behind the same server."""

import secrets
import tempfile
from pathlib import Path

from flask import Flask, Response, request

app = Flask(__name__)
_FOLDER = Path(tempfile.mkdtemp(prefix="stolentee-plain-", dir=tempfile.gettempdir()))


@app.get("/health/ready")
def ready() -> str:
    return "ok"


@app.post("/api/uploads")
def save() -> Response:
    request.files["file"].save(_FOLDER / secrets.token_hex(8))
    return Response(status=201)
