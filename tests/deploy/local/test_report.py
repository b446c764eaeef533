"""The report says what cut a picture out, and its lines add up."""

import re

import pytest

from deploy.local.api_client import Outcome
from deploy.local.report import report


@pytest.mark.parametrize(
    ("method", "passed_through", "words"),
    [("network", False, "by compact, "), ("flat", False, "by colour, "), (None, True, "already, so kept as it was, ")],
)
def test_the_report_names_what_cut_the_picture_out(method: str | None, passed_through: bool, words: str) -> None:
    timings = {"queuedMs": 1, "fetchMs": 2, "removeMs": 3, "storeMs": 4}
    result = {"model": "compact", "method": method, "passedThrough": passed_through, "width": 40, "height": 30}
    outcome = Outcome({"timings": timings, "result": result}, b"", 5, 15)
    assert f"cut out     0.003 s   {words}40 x 30 pixels" in report(outcome)


@pytest.mark.parametrize("remove_ms", [3, None])
def test_the_steps_add_up_to_the_whole(remove_ms: int | None) -> None:
    timings = {"queuedMs": 1, "fetchMs": 2, "removeMs": remove_ms, "storeMs": 4}
    result = {"model": "compact", "method": "network", "passedThrough": False, "width": 40, "height": 30}
    said = report(Outcome({"timings": timings, "result": result}, b"", 5, 31))
    *steps, whole = (round(float(seconds) * 1000) for seconds in re.findall(r"(\d\.\d{3}) s", said))
    assert sum(steps) == whole == 31
