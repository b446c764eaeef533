"""What webhooks say: the JSON of each event, part of the contract (services/api/webhooks/event_schemas.py)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.models.job import Job, JobFailure
from shared.models.order import Order, Shipment
from shared.models.payment import Refund
from shared.models.webhook import EventType


def payload(event: EventType, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": event, "timestamp": _time(datetime.now(UTC)), "data": data}


def job_data(job: Job, error: JobFailure | None = None) -> dict[str, Any]:
    """What is told of a job that has ended."""
    return {
        "id": str(job.id),
        "type": job.type,
        "status": "failed" if error else "done",
        "assetId": str(job.asset_id),
        "parentId": str(job.parent_id) if job.parent_id else None,
        "error": error,
    }


def order_data(order: Order, *, parcel: Shipment | None = None, refund: Refund | None = None) -> dict[str, Any]:
    """What is told of an order, and of the parcel or the refund that it is told for; nothing about its customer."""
    return {
        "id": str(order.id),
        "orderNumber": order.order_number,
        "test": order.test,
        "currency": order.currency,
        "totalCents": order.total_cents,
        "receivedCents": order.received_cents,
        "refundedCents": order.refunded_cents,
        "shipment": {"id": str(parcel.id), "carrier": parcel.carrier, "tracking": parcel.tracking} if parcel else None,
        "refund": {"id": str(refund.id), "amountCents": refund.amount_cents} if refund else None,
    }


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
