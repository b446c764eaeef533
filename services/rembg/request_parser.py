"""Reads the picture and the options of a request, once the request has been admitted."""

from dataclasses import dataclass
from hmac import compare_digest

from flask import request
from pydantic import SecretStr

from services.rembg import options
from services.rembg.lingering_close import UNREAD
from shared import errors, images

MAX_BYTES = images.MAX_STORED_BYTES  # of what the api stores, which may be larger than what it takes
ENVELOPE_BYTES = 64 * 1024  # what multipart adds around the file
SILENCE_S = 5.0  # between two pieces of a body; a silent caller does not keep its place in the queue
REMBG_SERVER_FIELD = "file"  # of the form that `rembg s` accepts


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    data: bytes
    options: options.Options


def mark_unread() -> None:
    """Declare the body, if there is one, unread; until it is read, a refusal closes the connection lingeringly."""
    request.environ[UNREAD] = bool(request.content_length)


def authorise(token: SecretStr | None) -> None:
    """Raises Unauthorized unless the request carries the token, if there is one."""
    if token is None:
        return
    given = request.headers.get("Authorization", "")
    if not compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
        raise errors.Unauthorized("This service needs its token.")


def parse(field: str, model: str) -> RemovalRequest:
    """The picture, from the form field or the body, and the options, from the query and the form."""
    if "Transfer-Encoding" in request.headers:
        raise errors.LengthRequired()  # the framework would silently truncate a long body
    if not request.content_length:
        raise errors.MissingFile()
    form = request.mimetype == "multipart/form-data"
    if request.content_length > MAX_BYTES + form * ENVELOPE_BYTES:
        raise errors.BodyTooLarge()
    if form:
        data = _read_form(field)
        asked = _options(field, model, request.values.to_dict())
    else:
        asked = _options(field, model, request.args.to_dict())
        data = _read_body()
    if len(data) > MAX_BYTES:
        raise errors.BodyTooLarge()
    if not data:
        raise errors.MissingFile()
    return RemovalRequest(data, asked)


def _options(field: str, model: str, fields: dict[str, str]) -> options.Options:
    return options.read_rembg_server(fields, model) if field == REMBG_SERVER_FIELD else options.read(fields)


def _read_form(field: str) -> bytes:
    _limit_silence()
    files = request.files  # reads the body
    request.environ[UNREAD] = False
    if field not in files:
        raise errors.MissingFile(_why_no_file(field))
    data: bytes = files[field].read()
    return data


def _why_no_file(field: str) -> str:
    if not request.mimetype_params.get("boundary"):
        return "No picture was sent: the form's Content-Type lacks its boundary, which clients add."
    if request.files:
        return f"No picture was sent: the file's field is called `{next(iter(request.files))[:120]}`, not `{field}`."
    return f"No picture was sent: the form has no file named {field}."


def _read_body() -> bytes:
    _limit_silence()
    data = request.get_data(cache=False)
    request.environ[UNREAD] = False
    if len(data) != request.content_length:
        raise errors.InvalidRequest("The body ended early.")
    return data


def _limit_silence() -> None:
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(SILENCE_S)
