"""The steps of a finished job in words."""

from collections.abc import Mapping
from typing import Any

from deploy.local.api_client import Outcome
from shared.models.cutout import Method

_STEPS = (
    ("queued", "queuedMs", "until a worker took it"),
    ("fetched", "fetchMs", "the picture, from storage"),
    ("cut out", "removeMs", "{how}, {width} x {height} pixels"),
    ("stored", "storeMs", "cutout, preview and mask"),
)


def report(outcome: Outcome) -> str:
    """The steps of the job and how long each took."""
    timings, result = outcome.job["timings"], outcome.job["result"]
    facts = {**result, "how": _how(result)}
    lines = [_line("accepted", outcome.accepted_ms, "the upload, inspected and recorded")]
    lines += [_line(step, timings[key], what.format(**facts)) for step, key, what in _STEPS]
    return "\n".join([*lines, _line("in all", outcome.total_ms, "from the first byte sent to the last received")])


def _how(result: Mapping[str, Any]) -> str:
    if result["passedThrough"]:
        return "already, so kept as it was"
    return "by colour" if result["method"] == Method.FLAT else f"by {result['model']}"


def _line(step: str, took_ms: int | None, what: str) -> str:
    return f"    {step:10}{(took_ms or 0) / 1000:7.3f} s   {what}"
