"""What a finished job shows, of the row that its type left."""

import pytest

from services.api.jobs.results import CutoutOut
from services.api.url_builder import UrlBuilder
from shared.models.cutout import MaskPrecision
from tests.shared.db.rows import RESULT


@pytest.mark.parametrize("precision", [None, *MaskPrecision])
def test_a_cut_out_shows_which_precision_made_its_mask(precision: MaskPrecision | None) -> None:
    stored = {**RESULT.json(), "precision": precision}
    assert CutoutOut.of(stored, [], UrlBuilder("s" * 32)).json_ready()["precision"] == precision
