"""The report says what cut a picture out."""

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
