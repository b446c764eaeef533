"""The section `webhooks` of the OpenAPI document: what receivers get, and what they should answer."""

from typing import Any

from services.api.webhooks.event_schemas import BODIES

_HEADERS = {
    "webhook-id": "The message, the same at every attempt: receivers skip what they have seen.",
    "webhook-timestamp": "When this attempt was signed, in seconds since 1970.",
    "webhook-signature": "`v1,` and the HMAC-SHA256 in base64 of id, timestamp and body, joined by dots; "
    "while a secret is rotated, two of them with a space between.",
}


def section() -> dict[str, Any]:
    return {event: {"post": _operation(event, model.__name__, model.__doc__ or "")} for event, model in BODIES.items()}


def _operation(event: str, model: str, description: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{model}"}
    return {
        "operationId": f"webhook_{event.replace('.', '_')}",
        "tags": ["webhooks"],
        "summary": event,
        "description": description,
        "security": [],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": words,
                "schema": {"type": "string", "maxLength": 200},
            }
            for name, words in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"2XX": {"description": "Accepted. Anything else, or nothing within 15 s, is tried again."}},
    }
