"""Compression of text responses. The front proxy passes them on unchanged.

Pictures are already compressed, and an event stream must not wait for a block to fill.
"""

from functools import partial

from flask import Flask, Response, request
from flask_compress import Compress

MIN_BYTES = 1024  # smaller bodies fit into one packet uncompressed
_TYPES = ["application/json", "text/css", "text/html", "text/javascript", "text/plain"]
_ENCODINGS = ["zstd", "br", "gzip"]  # in order of preference


def install(app: Flask) -> None:
    """Compress every response worth it; each encoding has its own ETag, and Vary names Accept-Encoding."""
    app.config.update(
        COMPRESS_ALGORITHM=_ENCODINGS,
        COMPRESS_MIMETYPES=_TYPES,
        COMPRESS_MIN_SIZE=MIN_BYTES,
        COMPRESS_REGISTER=False,
    )
    app.after_request(partial(_compress, Compress(app)))


def _compress(compress: Compress, response: Response) -> Response:
    if response.status_code == 206:  # a range counts the stored file's bytes
        return response
    accepted = [name for name, quality in request.accept_encodings if quality]  # the library accepts "q=0"
    request.environ["HTTP_ACCEPT_ENCODING"] = ", ".join(accepted)
    if response.is_streamed and response.mimetype in _TYPES:  # a static file; the library would not close its stream
        response.direct_passthrough = False
        response.make_sequence()
    compressed: Response = compress.after_request(response)
    return compressed
