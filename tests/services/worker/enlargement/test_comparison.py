"""Before and after: the same detail, where there is most to see; and how much has changed."""

import numpy as np
import pytest
from PIL import Image

from services.worker.enlargement import comparison, lanczos
from tests.services.worker.vector.logos import Pixels


def _spot() -> Pixels:
    """A white picture, 400 x 300, with a black square in its lower right part."""
    rgba = np.full((300, 400, 4), 255, np.uint8)
    rgba[220:260, 330:370, :3] = 0
    return rgba


def test_nothing_has_changed_when_the_result_is_the_picture_again() -> None:
    assert comparison.changed(_spot(), lanczos.enlarged(_spot(), (1200, 900))) == 0


def test_what_has_changed_is_a_share_of_the_ink() -> None:
    made = lanczos.enlarged(_spot(), (800, 600))
    made[:, :400, :3] = 0
    assert comparison.changed(_spot(), made) == 0.5
    assert comparison.changed(np.zeros((10, 10, 4), np.uint8), made) == 0


def test_the_detail_is_where_the_edges_are_and_the_same_before_and_after() -> None:
    made = lanczos.enlarged(_spot(), (1600, 1200))
    shown = comparison.detail(_spot(), made)
    assert shown.before.shape == shown.after.shape == (480, 480, 4)
    for pixels in (shown.before, shown.after):
        dark = pixels[..., 0] < 128
        assert dark.sum() == pytest.approx(160 * 160, abs=8)  # but for its corners
        assert dark.any(0).sum() == dark.any(1).sum() == 160
    assert np.abs(shown.before.astype(int) - shown.after).mean() < 1


def test_a_small_result_is_shown_whole() -> None:
    made = np.asarray(Image.fromarray(_spot()).resize((440, 330)))
    shown = comparison.detail(_spot(), made)
    assert shown.after.shape == (330, 440, 4)
    assert (shown.after == made).all()


def test_a_picture_of_one_pixel_has_a_detail() -> None:
    one = np.full((1, 1, 4), 9, np.uint8)
    assert comparison.detail(one, np.full((900, 900, 4), 9, np.uint8)).before.shape == (480, 480, 4)
