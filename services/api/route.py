"""A route of the api: its view, its policy, and everything it may answer."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, ClassVar, get_type_hints

from pydantic import BaseModel

from services.api.assets.schemas import UploadForm
from services.api.middleware.policy import Auth, Cache, Limit
from services.api.schemas import (
    ApiModel,
    IdempotencyHeaders,
    RequiredIdempotencyHeaders,
    ResponseModel,
    VersionHeaders,
)
from shared import errors, shop_errors
from shared.errors import Failure

# What any request may get, whatever its route.
_ANY: tuple[type[Failure], ...] = (
    *(errors.InvalidRequest, errors.UriTooLong, errors.HeadersTooLarge, errors.Failure),
    *(errors.Busy, errors.Unavailable),
)


class Csv(ApiModel):
    """Stands for a body that is a CSV file."""

    max_bytes: ClassVar[int] = 4 << 20


class Raw(ApiModel):
    """Stands for a body that is the picture itself, in any accepted format."""


class Signed(ApiModel):
    """Stands for a JSON body whose bytes are signed."""

    max_bytes: ClassVar[int] = 256 << 10


@cache
def _models(view: Callable[..., Any]) -> dict[str, type[BaseModel]]:
    return get_type_hints(view)


@dataclass(frozen=True, slots=True)
class Route:
    """`answer` is the response's model or content types, None for an empty one.

    A returned model is sent with the first of `statuses`. `raises` are the failures that do not follow from the policy
    and the models of the request. `body` is for a view that reads it itself: the model of its multipart form, besides
    which the other ways of `upload_parser` are open, or Raw, Csv or Signed.
    """

    method: str
    path: str
    view: Callable[..., Any]
    auth: Auth
    limit: Limit
    cache: Cache
    answer: type[ResponseModel] | tuple[str, ...] | None
    statuses: tuple[int, ...] = (200,)
    raises: tuple[type[Failure], ...] = ()
    body: type[UploadForm | Raw | Csv | Signed] | None = None

    @property
    def name(self) -> str:
        """The endpoint and OpenAPI operation id: `jobs_show`."""
        return f"{self.view.__module__.split('.')[2]}_{self.view.__name__}"

    def model(self, part: str) -> type[BaseModel] | None:
        """The model of a part of the request: `path`, `query`, `header` or `body`."""
        return _models(self.view).get(part)

    @property
    def idempotent(self) -> bool:
        return issubclass(self.model("header") or BaseModel, IdempotencyHeaders)

    @property
    def _refuses_pages(self) -> bool:
        """Whether pages of other origins may not use it with their visitors' cookies, or to sign them in."""
        return self.method != "GET" and (self.auth is not Auth.PUBLIC or self.limit is Limit.SIGN_IN)

    @property
    def failures(self) -> tuple[type[Failure], ...]:
        """Every failure a caller can get, by status."""
        found = {*_ANY, *self.raises}
        if self.auth is not Auth.PUBLIC:
            found.add(errors.Unauthorized)
        if self.auth in (Auth.ADMIN, Auth.CATALOGUE, Auth.ORDERS) or self._refuses_pages:
            found.add(errors.Forbidden)
        if self.limit is not Limit.NONE:
            found.add(errors.RateLimited)
        if self.model("path"):
            found.add(errors.NotFound)
        if self.idempotent:
            found |= {errors.RequestInProgress, errors.KeyReused}
        if issubclass(self.model("header") or BaseModel, RequiredIdempotencyHeaders):
            found.add(shop_errors.KeyMissing)
        if issubclass(self.model("header") or BaseModel, VersionHeaders):
            found.add(shop_errors.Changed)
        if self.body or self.model("body"):
            found |= {errors.BodyTooLarge, errors.DigestMismatch, errors.RequestTimeout}
        return tuple(sorted(found, key=lambda failure: (failure.status, failure.code)))


# The words of the tables of routes.
PUBLIC, GUEST_READ, GUEST_WRITE = Auth.PUBLIC, Auth.GUEST_READ, Auth.GUEST_WRITE
KEY, MEMBER, CUSTOMER, ADMIN = Auth.KEY, Auth.MEMBER, Auth.CUSTOMER, Auth.ADMIN
CATALOGUE, ORDERS = Auth.CATALOGUE, Auth.ORDERS
UNLIMITED, API, UPLOADS, SIGN_IN = Limit.NONE, Limit.API, Limit.UPLOADS, Limit.SIGN_IN
NO_STORE, PICTURE, PUBLISHED, PAGE = Cache.NO_STORE, Cache.PICTURE, Cache.PUBLISHED, Cache.PAGE
CACHED, PRICE = Cache.CATALOGUE, Cache.PRICE
GET, POST, PUT, PATCH, DELETE = (partial(Route, method) for method in ("GET", "POST", "PUT", "PATCH", "DELETE"))
