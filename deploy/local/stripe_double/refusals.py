"""Refusal: an error as Stripe answers it."""

from typing import Any


class Refusal(Exception):
    """`facts` join the error's body, such as `payment_intent`.

    `begun`: the call was carried out so far, so that a repeat with its idempotency key gets this answer again.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        begun: bool = False,
        **facts: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.begun = begun
        named = {"code": code, "param": param, **facts}
        self.body = {
            "error": {"type": kind, "message": message} | {key: value for key, value in named.items() if value}
        }


def missing(what: str, given: str, param: str = "id", status: int = 404) -> Refusal:
    """404 for an id of the path; parameters that name what does not exist are answered with 400."""
    return Refusal(f"No such {what}: '{given}'", status=status, code="resource_missing", param=param)


def wrong_state(message: str, intent: dict[str, Any]) -> Refusal:
    return Refusal(message, code="payment_intent_unexpected_state", begun=True, payment_intent=intent)
