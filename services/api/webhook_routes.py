"""Routes of callers' webhooks, which `routes.py` adds to its own."""

from services.api.route import API, DELETE, GET, MEMBER, NO_STORE, PATCH, POST, UNLIMITED
from services.api.webhooks import deliveries, views
from services.api.webhooks.delivery_schemas import DeliveryOut, DeliveryPage
from services.api.webhooks.schemas import EndpointList, EndpointOut, EndpointWithSecret
from shared import errors

_REFUSED = (errors.UrlNotAllowed,)
_DISABLED = (errors.WebhookDisabled,)
_LISTED = (errors.InvalidCursor,)
_ONE = "/api/webhooks/<uuid:endpoint_id>"
_READ, _WRITE = (MEMBER, UNLIMITED, NO_STORE), (MEMBER, API, NO_STORE)
WEBHOOKS = (
    POST("/api/webhooks", views.create, *_WRITE, EndpointWithSecret, (201,), (*_REFUSED, errors.WebhookLimit)),
    GET("/api/webhooks", views.list_endpoints, *_READ, EndpointList),
    GET(_ONE, views.show, *_READ, EndpointOut),
    PATCH(_ONE, views.change, *_WRITE, EndpointOut, (200,), _REFUSED),
    DELETE(_ONE, views.delete, *_WRITE, None, (204,)),
    POST(f"{_ONE}/rotate", views.rotate, *_WRITE, EndpointWithSecret),
    POST(f"{_ONE}/test", deliveries.send_test, *_WRITE, DeliveryOut, (202,), _DISABLED),
    GET(f"{_ONE}/deliveries", deliveries.list_deliveries, *_READ, DeliveryPage, (200,), _LISTED),
    POST(
        *(f"{_ONE}/deliveries/<uuid:delivery_id>/redeliver", deliveries.redeliver, *_WRITE),
        *(DeliveryOut, (202,), _DISABLED),
    ),
)
