"""What every capability's schemas build on. JSON is camelCase; times are UTC and end in Z."""

from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Self

from flask import Response, jsonify
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[
    datetime, PlainSerializer(_rfc3339, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]


class ApiModel(BaseModel):
    """Base of all models. Caches the JSON Schema, which Flask-OpenAPI builds per operation and again for each query."""

    @classmethod
    @cache
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        return super().model_json_schema(*args, **kwargs)


class ResponseModel(ApiModel):
    """Base of every response body."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)

    @classmethod
    def from_row(cls, row: object, **others: Any) -> Self:
        """Takes `others`, and each other field from the attribute of the same name."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields.keys() - others.keys()}, **others)

    def json_ready(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)

    def response(self, status: int) -> Response:
        response = jsonify(self.json_ready())
        response.status_code = status
        return response


class RequestModel(ApiModel):
    """Base of every request body and query. Refuses unknown fields, so that callers notice typos."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


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


class ErrorDetail(ResponseModel):
    code: str
    message: str
    details: dict[str, Any] | None = None
    request_id: str


class ErrorOut(ResponseModel):
    """The body of every error."""

    error: ErrorDetail
