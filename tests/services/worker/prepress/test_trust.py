"""When print edges are applied, compared or asked about."""

import pytest

from services.worker.prepress.trust import gate, uncertain
from shared.models.print_edges import Gate


@pytest.mark.parametrize(
    ("unsure", "change", "expected"),
    [
        (0.0, 0.0, Gate.APPLY),
        (0.149, 0.1, Gate.APPLY),
        (0.15, 0.0, Gate.COMPARE),
        (0.35, -0.1, Gate.COMPARE),
        (0.351, 0.0, Gate.ASK),
        (0.0, 0.101, Gate.ASK),
        (0.0, -0.101, Gate.ASK),
    ],
)
def test_the_gate_follows_doubt_and_change(unsure: float, change: float, expected: Gate) -> None:
    assert gate(unsure, change) is expected


def test_uncertain_is_the_share_of_ink_between_a_tenth_and_nine_tenths() -> None:
    counts = [0] * 256
    counts[0], counts[20], counts[26], counts[229], counts[230], counts[255] = 1000, 500, 1, 2, 4, 5
    assert uncertain(counts) == pytest.approx(3 / 12)


def test_a_picture_without_ink_is_not_uncertain() -> None:
    assert uncertain([9] + [0] * 255) == 0
