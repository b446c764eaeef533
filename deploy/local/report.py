"""The steps of a finished job in words."""

from deploy.local.api_client import Outcome

_STEPS = (
    ("queued", "queuedMs", "until a worker took it"),
    ("fetched", "fetchMs", "the picture, from storage"),
    ("cut out", "removeMs", "by {model}, {width} x {height} pixels"),
    ("stored", "storeMs", "cutout, preview and mask"),
)


def report(outcome: Outcome) -> str:
    """The steps of the job and how long each took."""
    job = outcome.job
    lines = [_line("accepted", outcome.accepted_ms, "the upload, inspected and recorded")]
    lines += [_line(step, job["timings"][key], what.format(**job["result"])) for step, key, what in _STEPS]
    return "\n".join([*lines, _line("in all", outcome.total_ms, "from the first byte sent to the last received")])


def _line(step: str, took_ms: int | None, what: str) -> str:
    return f"    {step:10}{(took_ms or 0) / 1000:7.3f} s   {what}"
