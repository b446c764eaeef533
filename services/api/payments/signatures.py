"""Whether Stripe sent a body: its signature, checked over the bytes as they came, and its time, in both directions.

Stripe's library bounds only the past, takes one secret, and fails in various ways on what it does not expect. So it
checks the signature, and nothing else of it reads the body.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from shared import shop_errors

TOLERANCE_S = 300
_SENT_AT = re.compile(r"(?:^|,)t=(\d{1,12})(?:,|$)")


def verified(raw: bytes, header: str, secrets: Sequence[str], now: float, loads: Callable[[bytes], Any]) -> Any:
    """The body, read by `loads`, if one of the secrets signed it within TOLERANCE_S of `now`. Raises BadSignature."""
    from stripe import SignatureVerificationError, WebhookSignature  # not at the top: only where payments are on

    for secret in secrets:
        with suppress(SignatureVerificationError, ValueError, TypeError):  # bytes that are no text, é, and others
            WebhookSignature.verify_header(raw, header, secret, TOLERANCE_S)
            sent_at = _SENT_AT.search(header)
            if sent_at and int(sent_at[1]) <= now + TOLERANCE_S:
                return loads(raw)
    raise shop_errors.BadSignature
