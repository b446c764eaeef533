"""What was sent to a webhook, and what its owner wants sent again."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.webhooks.delivery_schemas import DeliveryOut, DeliveryPage, DeliveryPath, DeliveryQuery
from services.api.webhooks.schemas import EndpointPath
from shared import errors
from shared.db import webhook_endpoints, webhook_messages
from shared.db.pagination import Cursor
from shared.db.pool import Connection
from shared.models.webhook import Endpoint, EventType


def list_deliveries(deps: Dependencies, path: EndpointPath, query: DeliveryQuery) -> DeliveryPage:
    """List deliveries.

    Lists the messages of the last 30 days for a webhook, newest first, each with its last attempts.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    with _own(deps, path.endpoint_id) as (connection, endpoint):
        found = webhook_messages.page(connection, endpoint.id, query.limit, after, query.status)
    return DeliveryPage(items=[DeliveryOut.of(one) for one in found.items], next_cursor=found.next_cursor)


def redeliver(deps: Dependencies, path: DeliveryPath) -> DeliveryOut:
    """Repeat delivery.

    Sends a message once more, with the same id and payload, and all its attempts before it.
    """
    with _own(deps, path.endpoint_id, enabled=True) as (connection, endpoint):
        message = webhook_messages.redeliver(connection, endpoint.id, path.delivery_id)
    if message is None:
        raise errors.NotFound
    return DeliveryOut.of(message)


def send_test(deps: Dependencies, path: EndpointPath) -> DeliveryOut:
    """Send test event.

    Sends a message of type `webhook.test`, signed like any other; its deliveries say what became of it.
    """
    with _own(deps, path.endpoint_id, enabled=True) as (connection, endpoint):
        message = webhook_messages.add(connection, endpoint.id, EventType.TEST, {"endpointId": str(endpoint.id)})
    return DeliveryOut.of(message)


@contextmanager
def _own(deps: Dependencies, endpoint_id: UUID, *, enabled: bool = False) -> Iterator[tuple[Connection, Endpoint]]:
    """A transaction, and one of the caller's endpoints. Raises NotFound, and WebhookDisabled if it must be enabled."""
    with deps.database.transaction() as connection:
        endpoint = webhook_endpoints.find(connection, auth.identified(), endpoint_id)
        if endpoint is None:
            raise errors.NotFound
        if enabled and endpoint.disabled_at:
            raise errors.WebhookDisabled
        yield connection, endpoint
