"""The steps of a finished job in words."""

from collections.abc import Mapping
from typing import Any

from deploy.local.api_client import Outcome
from shared.models.cutout import Method

_STEPS = (
    ("queued", "queuedMs", "until a worker took it"),
    ("fetched", "fetchMs", "the picture, from storage"),
    ("cut out", "removeMs", "{how}, {width} x {height} pixels"),
    ("stored", "storeMs", "cut-out, preview and mask"),
)


def report(outcome: Outcome) -> str:
    """The steps of the job and how long each took; they add up to the last line."""
    timings, result = outcome.job["timings"], outcome.job["result"]
    facts = {**result, "how": _how(result)}
    steps = [("accepted", outcome.accepted_ms, "the upload, inspected and recorded")]
    steps += [(step, timings[key] or 0, what.format(**facts)) for step, key, what in _STEPS]
    rest_ms = max(0, outcome.total_ms - sum(took_ms for _, took_ms, _ in steps))
    steps += [
        ("returned", rest_ms, "the end of the job recorded, the cut-out downloaded"),
        ("in all", outcome.total_ms, "from the first byte sent to the last received"),
    ]
    return "\n".join(f"    {step:10}{took_ms / 1000:7.3f} s   {what}" for step, took_ms, what in steps)


def _how(result: Mapping[str, Any]) -> str:
    if result["passedThrough"]:
        return "already, so kept as it was"
    return "by colour" if result["method"] == Method.FLAT else f"by {result['model']}"
