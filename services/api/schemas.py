"""What every capability's schemas build on. JSON is camelCase; times are UTC and end in Z."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Self, TypeVar

from flask import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, Strict, WithJsonSchema
from pydantic.alias_generators import to_camel


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[
    datetime, PlainSerializer(_rfc3339, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]


MAX_HEADER = 2000  # characters; the server refuses a line of 8,190 itself


def bounded(**bounds: Any) -> Any:
    """Bounds that the document states and nothing enforces: a response never fails because of them."""
    return Field(json_schema_extra=bounds)


Count = Annotated[int, bounded(minimum=0, maximum=2**53 - 1)]  # what JavaScript counts exactly
Amount = Annotated[float, bounded(minimum=0, maximum=1e12)]
Share = Annotated[float, bounded(minimum=0, maximum=1)]
Name = Annotated[str, bounded(maxLength=200)]
Message = Annotated[str, bounded(maxLength=10_000)]
Sha256 = Annotated[str, bounded(pattern="^[0-9a-f]{64}$")]
Url = Annotated[str, bounded(format="uri-reference", maxLength=2000)]
NextCursor = Annotated[str, bounded(maxLength=200)] | None
Item = TypeVar("Item")  # the newer syntax needs Python 3.12
Items = Annotated[list[Item], bounded(maxItems=200)]  # pages hold up to 100, reports up to 180


def never_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of parameters or of a form, which are text: only in JSON is null a value."""
    for facts in schema.get("properties", {}).values():
        branches = [branch for branch in facts.get("anyOf", ()) if branch != {"type": "null"}]
        if len(branches) == 1:
            del facts["anyOf"]
            facts.pop("default", None)
            facts.update(branches[0])
    return schema


class ApiModel(BaseModel):
    """Base of all models."""

    @classmethod
    @cache
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        """Of parameters: Flask-OpenAPI asks for it per operation and again for each request.

        `services.api.openapi` makes the schemas of bodies.
        """
        return never_null(super().model_json_schema(*args, **kwargs))


class ResponseModel(ApiModel):
    """Base of every response body."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)
    names: ClassVar[Mapping[str, str]] = {}  # path parameters of other routes: by which field this body gives them

    @classmethod
    def from_row(cls, row: object, **others: Any) -> Self:
        """Takes `others`, and each other field from the attribute of the same name."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields.keys() - others.keys()}, **others)

    def json_ready(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)

    def response(self, status: int) -> Response:
        return Response(self.model_dump_json(by_alias=True), status, mimetype="application/json")


class RequestModel(ApiModel):
    """Base of every query, whose text is parsed. Refuses unknown fields, so that callers notice typos."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")  # type: ignore[pydantic-alias]  # no code fills it


class BodyModel(RequestModel):
    """Base of every JSON body: numbers and booleans are never taken from text or from each other."""

    model_config = ConfigDict(strict=True)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Refuse a body that is a JSON string: Flask-OpenAPI would parse its content as the body."""
        return cls.model_validate(json_data, **options)


FROM_TEXT = Strict(False)  # for a body's ids and enumerations: JSON writes them as text


def written(pattern: str, like: str) -> BeforeValidator:
    """Refuse what the types also read: numbers, other spellings, and years that the database cannot hold."""
    regex = re.compile(pattern, re.ASCII)

    def check(value: object) -> object:
        if not isinstance(value, str) or not regex.fullmatch(value):
            raise ValueError(f"must look like {like}")
        return value

    return BeforeValidator(check)


Day = Annotated[date, FROM_TEXT, written(r"20\d\d-\d\d-\d\d", "2026-12-31")]


class PageQuery(RequestModel):
    """Pages are newest first; `cursor` is the `nextCursor` of the page before."""

    limit: int = Field(20, ge=1, le=100)
    cursor: str | None = Field(None, max_length=200)


class IdempotencyHeaders(ApiModel):
    """Within a day, requests with the same key have one effect and the same response."""

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="A value of your choice, new for each distinct request. A repeat within a day returns the first "
        "response with `Idempotent-Replayed: true`, its address signed afresh; failures are not stored. Needs a token, "
        "because every request without one comes from a new guest.",
    )


class RequiredIdempotencyHeaders(IdempotencyHeaders):
    """Of routes that move money: without a key a repeat could charge twice, so the request is refused.

    The document requires it; the api does not, so that the refusal is `idempotency_key_missing`.
    """

    model_config = ConfigDict(json_schema_extra={"required": ["Idempotency-Key"]})


class VersionHeaders(ApiModel):
    """A change of what has a version."""

    if_match: str = Field(
        alias="If-Match",
        pattern=r'^("[0-9]{1,9}"|[0-9]{1,9})$',
        description="The `version` that you read. If it is no longer the newest, the response is 412.",
    )

    @property
    def version(self) -> int:
        return int(self.if_match.strip('"'))


class ConditionalHeaders(ApiModel):
    if_none_match: str | None = Field(
        None,
        alias="If-None-Match",
        description="ETags that the caller has; with the current one among them the answer is 304.",
        max_length=MAX_HEADER,
    )


class ErrorDetail(ResponseModel):
    code: Name
    message: Message
    details: dict[str, Any] | None = None
    request_id: Name


class ErrorOut(ResponseModel):
    """The body of every error."""

    error: ErrorDetail
