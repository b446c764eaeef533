"""What a request brings: the picture, and what is asked for. Read only once the request has its place in line."""

from dataclasses import dataclass
from hmac import compare_digest

from flask import request
from pydantic import SecretStr

from services.rembg import options
from services.rembg.lingering_close import UNREAD
from shared import errors, images

MAX_BYTES = images.MAX_STORED_BYTES  # of what the api stores, which may be larger than what it takes
ENVELOPE_BYTES = 64 * 1024  # what multipart adds around the file
SILENCE_S = 5.0  # between two pieces of a body; a place in line is not held for someone who says nothing
PEERS_FIELD = "file"


@dataclass(frozen=True, slots=True)
class Intake:
    data: bytes
    asked: options.Options


def announce() -> None:
    """Before anything is decided: the body, if there is one, has not been read."""
    request.environ[UNREAD] = bool(request.content_length)


def authorise(token: SecretStr | None) -> None:
    if token is None:
        return
    given = request.headers.get("Authorization", "")
    if not compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
        raise errors.Unauthorized("This service needs its token.")


def read(field: str, model: str) -> Intake:
    """The picture of the request, its form field or its body; and the options, from the address and the form."""
    if "Transfer-Encoding" in request.headers:
        raise errors.LengthRequired()  # the framework would cut a long body silently
    if not request.content_length:
        raise errors.MissingFile()
    form = request.mimetype == "multipart/form-data"
    if request.content_length > MAX_BYTES + form * ENVELOPE_BYTES:
        raise errors.BodyTooLarge()
    if form:
        data = _form(field)
        asked = _options(field, model, request.values.to_dict())
    else:
        asked = _options(field, model, request.args.to_dict())
        data = _body()
    if len(data) > MAX_BYTES:
        raise errors.BodyTooLarge()
    if not data:
        raise errors.MissingFile()
    return Intake(data, asked)


def _options(field: str, model: str, fields: dict[str, str]) -> options.Options:
    return options.read_peers(fields, model) if field == PEERS_FIELD else options.read(fields)


def _form(field: str) -> bytes:
    _bound()
    if field not in request.files:
        request.environ[UNREAD] = False
        raise errors.MissingFile(f"The form has no file named {field}.")
    request.environ[UNREAD] = False
    data: bytes = request.files[field].read()
    return data


def _body() -> bytes:
    _bound()
    data = request.get_data(cache=False)
    request.environ[UNREAD] = False
    if len(data) != request.content_length:
        raise errors.InvalidRequest("The body ended early.")
    return data


def _bound() -> None:
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(SILENCE_S)
