"""Places on the flat print: true to size on flat cloth, pushed by folds."""

import numpy as np
import pytest

from services.worker.mockups.garments.relief import nodes
from services.worker.mockups.garments.shapes import SIDE, XX
from shared.models.garment import GARMENTS

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
    ridge = np.asarray(40 * np.exp(-(((XX - 696) / 20) ** 2)), np.float32)  # flat again 50 pixels beside its top
    across = nodes(ridge, TOTE)[10, :, 0]
    top = len(across) // 2 + (696 - TOTE.centre[0]) // 16
    assert across[top + 4] - across[top - 4] > 1.15 * (across[12] - across[4])
    assert across[-2] - across[1] == pytest.approx((len(across) - 3) * 16 / TOTE.px_mm, rel=0.03)
