"""Places on the flat print: true to size on flat cloth, pushed by folds."""

import numpy as np
import pytest

from services.worker.mockups.catalogue import GARMENTS
from services.worker.mockups.garments.relief import nodes
from services.worker.mockups.garments.shapes import SIDE, XX

TOTE = GARMENTS["tote"]


def test_nodes_of_flat_cloth_are_millimetres_from_the_middle() -> None:
    places = nodes(np.zeros((SIDE, SIDE), np.float32), TOTE)
    rows, columns = places.shape[:2]
    assert places[rows // 2, columns // 2] == pytest.approx([0, 0], abs=1e-5)
    step = places[rows // 2, columns // 2 + 1] - places[rows // 2, columns // 2]
    assert step == pytest.approx([16 / TOTE.px_mm, 0], rel=0.01, abs=1e-4)
    assert places[-1, -1, 0] > TOTE.area_mm[0] / 2
    assert places[-1, -1, 1] > TOTE.area_mm[1] / 2


def test_a_fold_uses_more_of_the_print_than_flat_cloth() -> None:
    ridge = np.asarray(25 * np.exp(-(((XX - 700) / 20) ** 2)), np.float32)
    places = nodes(ridge, TOTE)[10, :, 0]
    widths = np.diff(places)
    at_ridge = int((700 - TOTE.centre[0]) / 16 + len(widths) / 2)
    assert widths[at_ridge - 1 : at_ridge + 2].max() > 1.1 * widths[3]
    assert places[-2] - places[1] == pytest.approx((len(places) - 3) * 16 / TOTE.px_mm, rel=0.03)
