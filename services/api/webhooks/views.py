"""/api/webhooks: the endpoints to which a customer or an API key wants its events sent."""

from collections.abc import Iterable

from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.webhooks.schemas import (
    EndpointChange,
    EndpointList,
    EndpointOut,
    EndpointPath,
    EndpointWithSecret,
    NewEndpoint,
)
from shared import errors
from shared.db import webhook_endpoints
from shared.models.owner import Scope
from shared.models.webhook import EventType

_OF_SHOP = (Scope.ADMIN, Scope.ORDERS)


def create(deps: Dependencies, body: NewEndpoint) -> EndpointWithSecret:
    """Add webhook.

    Sends the chosen events to `url` from now on, signed with the `secret` that only this response shows. A caller has
    at most 10.
    """
    _require(deps, body.url, body.events)
    with deps.database.transaction() as connection:
        made = webhook_endpoints.add(connection, auth.identified(), body.url, list(body.events))
    if made is None:
        raise errors.WebhookLimit
    return EndpointWithSecret.showing(made, deps.secret)


def list_endpoints(deps: Dependencies) -> EndpointList:
    """List webhooks.

    Lists the caller's own, oldest first, without their secrets.
    """
    with deps.database.transaction() as connection:
        found = webhook_endpoints.of_owner(connection, auth.identified())
    return EndpointList(items=[EndpointOut.of(endpoint) for endpoint in found])


def show(deps: Dependencies, path: EndpointPath) -> EndpointOut:
    """Show webhook.

    Shows one of the caller's own, and whether its receiver accepts what is sent.
    """
    with deps.database.transaction() as connection:
        found = webhook_endpoints.find(connection, auth.identified(), path.endpoint_id)
    if found is None:
        raise errors.NotFound
    return EndpointOut.of(found)


def change(deps: Dependencies, path: EndpointPath, body: EndpointChange) -> EndpointOut:
    """Change webhook.

    Changes its address, its events, or whether anything is sent. One that was disabled because its receiver failed is
    enabled again like this, and gets what waited.
    """
    _require(deps, body.url, body.events or ())
    with deps.database.transaction() as connection:
        changed = webhook_endpoints.change(
            connection,
            auth.identified(),
            path.endpoint_id,
            url=body.url,
            events=list(body.events) if body.events else None,
            enabled=body.enabled,
        )
    if changed is None:
        raise errors.NotFound
    return EndpointOut.of(changed)


def delete(deps: Dependencies, path: EndpointPath) -> None:
    """Delete webhook.

    Nothing is sent any more, and what was sent is shown no longer.
    """
    with deps.database.transaction() as connection:
        if not webhook_endpoints.remove(connection, auth.identified(), path.endpoint_id):
            raise errors.NotFound


def rotate(deps: Dependencies, path: EndpointPath) -> EndpointWithSecret:
    """Rotate secret.

    Gives the webhook a new secret, which only this response shows. For a day everything is signed with the one before
    as well, so that the receiver can change over.
    """
    with deps.database.transaction() as connection:
        rotated = webhook_endpoints.rotate(connection, auth.identified(), path.endpoint_id)
    if rotated is None:
        raise errors.NotFound
    return EndpointWithSecret.showing(rotated, deps.secret)


def _require(deps: Dependencies, url: str | None, events: Iterable[str]) -> None:
    """Raises UrlNotAllowed, or Forbidden for events that the caller may not see."""
    if url is not None:
        deps.settings.webhooks.target(url)
    key = auth.key()
    if any(EventType(event).of_shop for event in events) and not (key and key.scope in _OF_SHOP):
        raise errors.Forbidden("Events of orders are for API keys of scope orders or admin.")
