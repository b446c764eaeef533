"""Masks shrunk and grown, beside scipy's slower ways."""

import numpy as np
import pytest
from scipy import ndimage

from services.worker.prepress import morphology
from services.worker.prepress.arrays import Mask


@pytest.fixture
def blobs() -> Mask:
    noise = ndimage.gaussian_filter(np.random.default_rng(2).normal(size=(200, 160)), 6)
    return np.asarray(np.pad(noise > 0, 1))


def test_depth_is_the_distance_to_the_outside_within_an_eighth(blobs: Mask) -> None:
    exact, found = ndimage.distance_transform_edt(blobs), morphology.depth(blobs, 60)
    far = exact > 3
    assert np.array_equal(found > 0, blobs)
    assert np.abs(found[far] / exact[far] - 1).max() < 0.15
    assert np.abs(found[far] / exact[far] - 1).mean() < 0.05


def test_depth_stops_where_it_is_told(blobs: Mask) -> None:
    assert np.array_equal(morphology.depth(blobs, 4), np.minimum(morphology.depth(blobs, 60), 4))


def test_growing_undoes_shrinking_of_a_large_square() -> None:
    mask = np.zeros((40, 40), np.bool_)
    mask[10:30, 10:30] = True
    assert morphology.eroded(mask, 2).sum() == 16 * 16
    assert morphology.dilated(morphology.eroded(mask, 1), 1)[12:28, 12:28].all()


def test_edge_pixels_touch_the_outside(blobs: Mask) -> None:
    found = morphology.edge(blobs)
    assert not (found & ~blobs).any()
    assert np.array_equal(found, blobs & ~ndimage.binary_erosion(blobs, border_value=1))


@pytest.mark.parametrize("diameter", [2, 3, 4, 5, 6, 7])
def test_an_opening_is_that_of_scipy_with_the_same_disk(diameter: int, blobs: Mask) -> None:
    offsets = np.arange(diameter) - (diameter - 1) / 2
    disk = np.hypot(offsets[:, None], offsets) <= (diameter - 1) / 2 + 0.25
    exact = ndimage.binary_opening(blobs, disk)
    inner = (slice(diameter, -diameter),) * 2
    assert np.array_equal(morphology.without_thin(blobs, diameter)[inner], exact[inner])


@pytest.mark.parametrize("diameter", [30, 31, 62, 500])
def test_a_disk_larger_than_the_mask_reaches_nothing(diameter: int) -> None:
    mask = np.ones((30, 200), np.bool_)
    assert morphology.without_thin(mask, diameter).any() == (diameter <= 30)
