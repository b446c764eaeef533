"""Compression of what is text, here and nowhere else: the front proxy passes it on as it is.

Pictures are packed already, and an event stream must not wait for a block to fill.
"""

from functools import partial

from flask import Flask, Response, request
from flask_compress import Compress

MIN_BYTES = 1024  # less fits into one packet as it is
_TYPES = ["application/json", "text/css", "text/html", "text/javascript", "text/plain"]
_WAYS = ["zstd", "br", "gzip"]  # the first that the caller takes


def install(app: Flask) -> None:
    """Pack every answer worth it; ETags tell the ways apart, Vary says that there are some."""
    app.config.update(
        COMPRESS_ALGORITHM=_WAYS,
        COMPRESS_MIMETYPES=_TYPES,
        COMPRESS_MIN_SIZE=MIN_BYTES,
        COMPRESS_REGISTER=False,
    )
    app.after_request(partial(_pack, Compress(app)))


def _pack(compress: Compress, answer: Response) -> Response:
    if answer.status_code == 206:  # a part of a file is a part of it as it lies there
        return answer
    wanted = [name for name, quality in request.accept_encodings if quality]  # the library takes "q=0" for a wish
    request.environ["HTTP_ACCEPT_ENCODING"] = ", ".join(wanted)
    if answer.is_streamed and answer.mimetype in _TYPES:  # a file of ours; as a stream, the library would not close it
        answer.direct_passthrough = False
        answer.make_sequence()
    packed: Response = compress.after_request(answer)
    return packed
