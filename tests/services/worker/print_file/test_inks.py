"""CMYK: as Little CMS computes it, no ink where nothing prints, flat where a file has no alpha."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from services.worker.print_file import inks
from tests.services.worker.print_file.pictures import PRESS, badge


def test_clear_pixels_get_no_ink_and_alpha_stays() -> None:
    made = inks.separated(badge(), PRESS)
    clear = badge()[..., 3] == 0
    assert made[clear].max() == 0
    assert np.array_equal(made[..., 4], badge()[..., 3])


def test_dark_tones_stay_apart() -> None:
    steps = np.full((1, 4, 4), 255, np.uint8)
    steps[0, :, :3] = np.array([0, 20, 40, 60])[:, None]
    ink = inks.separated(steps, PRESS)[0, :, :4].sum(1, dtype=int)
    assert (np.diff(ink) < -8).all()


def test_colours_come_back_through_the_profile() -> None:
    colours = np.array([[200, 60, 60], [230, 200, 90], [90, 120, 160], [128, 128, 128], [255, 255, 255]], np.uint8)
    rgba = np.dstack([colours[None], np.full((1, 5, 1), 255, np.uint8)])
    ink = Image.fromarray(np.ascontiguousarray(inks.separated(rgba, PRESS)[..., :4]), "CMYK")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    back = ImageCms.buildTransform(io.BytesIO(PRESS), srgb, "CMYK", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
    assert np.abs(np.asarray(back.apply(ink)).astype(int)[0] - colours).max() <= 12


def test_a_profile_that_leads_to_no_cmyk_is_an_error() -> None:
    for profile in (b"", b"no profile", inks.srgb()):
        with pytest.raises((ImageCms.PyCMSError, OSError)):
            inks.separated(badge(), profile)


def test_flat_inks_are_as_dense_as_alpha_lets_them_be() -> None:
    separated = inks.separated(badge(), PRESS)
    plate = separated[..., 4] // 2
    flat = inks.flat(separated, plate)
    assert np.array_equal(flat[..., 4], plate)
    assert np.abs(flat[..., :4] - separated[..., :4] * (separated[..., 4:] / 255)).max() <= 0.5


def test_the_profile_of_srgb_is_the_same_bytes_each_time() -> None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(inks.srgb()))
    assert profile.profile.xcolor_space.strip() == "RGB"
    assert inks.srgb() == inks.srgb()
