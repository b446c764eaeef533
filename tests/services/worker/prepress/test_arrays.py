"""Pictures that are none are refused in words, by the check and by print edges."""

import numpy as np
import pytest

from services.worker.prepress.arrays import Pixels, points_of, sampled
from services.worker.prepress.check import check
from services.worker.prepress.edges import Options, print_edges
from services.worker.prepress.rules import Print

CUT_OUT, PHOTO = np.zeros((4, 5, 4), np.uint8), np.zeros((4, 5, 3), np.uint8)


@pytest.mark.parametrize(
    ("rgba", "source", "words"),
    [
        (PHOTO, None, "a cut-out is"),
        (CUT_OUT.astype(np.float32), None, "a cut-out is"),
        (CUT_OUT[:0], None, "a cut-out is"),
        (CUT_OUT, PHOTO[:3], "as large as"),
        (CUT_OUT, CUT_OUT, "a photograph is"),
    ],
)
def test_what_is_no_picture_is_refused(rgba: Pixels, source: Pixels | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check(rgba, Print(100), source)
    with pytest.raises(ValueError, match=words):
        print_edges(rgba, Options(0.1), source)


def test_a_sample_is_spread_over_the_mask_and_bounded() -> None:
    mask = np.ones((50, 60), np.bool_)
    rows, _ = sampled(mask, 100)
    assert len(rows) <= 100
    assert rows.max() - rows.min() > 40


def test_few_points_are_all_taken() -> None:
    mask = np.eye(9, dtype=np.bool_)
    assert np.array_equal(sampled(mask, 100), points_of(mask))
