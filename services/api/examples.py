"""Requests that succeed as they stand: the examples of the OpenAPI document, which `/docs` fills in.

The ids stand for the caller's own: services/api/static/docs.js replaces them by the newest that a response has named.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

ASSET = "00000000-0000-7000-8000-0000000a55e7"
PRODUCT = "00000000-0000-7000-8000-00000000c0de"
SKU = "HT-BLK-M"
QUOTE = "00000000-0000-7000-8000-000000000c07"
PARAMETERS: Mapping[str, str] = {
    "address_id": "00000000-0000-7000-8000-00000000add5",
    "session_id": "00000000-0000-7000-8000-0000005e5510",
    "asset_id": ASSET,
    "job_id": "00000000-0000-7000-8000-000000000b0b",
    "batch_id": "00000000-0000-7000-8000-0000000ba7c4",
    "design_id": "00000000-0000-7000-8000-000000de5195",
    "number": "1",
    "picture_key": "PUBLISHED",
    "product_id": PRODUCT,
    "variant_id": "00000000-0000-7000-8000-00000000517e",
    "mail_id": "00000000-0000-7000-8000-00000000e9a1",
    "event_id": "evt_1Qa2b3C4d5E6f7G8",
    "upload_id": "00000000-0000-7000-8000-0000000f11e0",
    "code": "AUTUMN",
    "key": "KEY",
    "grant": "GRANT",
    "garment": "tshirt-front",
    "color": "1c1c1f",
    "mockup_grant": "MOCKUPGRANT",
    "slug": "heavy-tee",
    "order": "ST-7K2M-9QXA",
    "order_id": "00000000-0000-7000-8000-0000000004de",
    "print_id": "00000000-0000-7000-8000-0000000b1417",
    "endpoint_id": "00000000-0000-7000-8000-0000000e4d90",
    "delivery_id": "00000000-0000-7000-8000-000000de11e7",
    "shipment_id": "00000000-0000-7000-8000-00000005419a",
    "invoice_number": "INV-000123",
}
# A T-shirt on a plain background, 96 x 96 pixels of four colours.
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAGAAAABgAgMAAACf9p+rAAAADFBMVEUfYHJokpqxxMP79uzTm4S+AAABHElEQVR42u3WvU3EMBjG8X/MkUNKEWpo"
    "2OBWuI1uBG6EG4GCAdggGeFGSEGJRDqIFPmheB3ifB0IUcaNLf/yRHkdO0oi5ptjhf+DJ+s+vkXWmtz6+hAmOjhl1lfpEBqubHDmMIATzgZH0hga"
    "oJAkDyFCCMBOkj4hROgCbCWpoovQBaCwO4UIXQDSwtsVHAJU4+XIJDmgHkMb1moRyjH4JZCtrp++jEJywYethEvQTqFaghocvE2hBTdT349QTsEv"
    "gYC5wqGQY/agl1yAFuC2n9tYhQEeergOa2Jb4aWH3LYD0gmSqMjsCKmE5PdsI8jPUNj2eSWPoeZe0ga427/Hj3qTPHcnqnmME34XnY8YbGb9LK2w"
    "wh8gWf8Zfg1fD28BZW7q5TkAAAAASUVORK5CYII="
)
PICTURE_BYTES = len(b64decode(PICTURE))


def body(**fields: Any) -> dict[str, Any]:
    """For a model's `json_schema_extra`."""
    return {"examples": [fields]}
