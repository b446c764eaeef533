"""Only what plainly is a cut-out counts as one; a few transparent pixels do not make one."""

import pytest
from PIL import Image, ImageDraw

from services.rembg.transparency import is_cutout

SIZE = (400, 300)


def rounded(radius: int) -> Image.Image:
    alpha = Image.new("L", SIZE)
    ImageDraw.Draw(alpha).rounded_rectangle((0, 0, SIZE[0] - 1, SIZE[1] - 1), radius, fill=255)
    return alpha


def ellipse(*box: int) -> Image.Image:
    alpha = Image.new("L", SIZE)
    ImageDraw.Draw(alpha).ellipse(box, fill=255)
    return alpha


def with_pixel(level: int) -> Image.Image:
    alpha = Image.new("L", SIZE, 255)
    alpha.putpixel((5, 5), level)
    return alpha


def with_soft_row() -> Image.Image:
    alpha = Image.new("L", SIZE, 255)
    alpha.paste(120, (0, 0, SIZE[0], 1))
    return alpha


def on_clear_canvas() -> Image.Image:
    alpha = Image.new("L", (600, 500))
    alpha.paste(255, (100, 100, 500, 400))
    return alpha


def speckled() -> Image.Image:
    """A key colour that occurs all over a photograph: a tenth of it is clear."""
    return Image.effect_noise(SIZE, 64).point([255 * (level > 46) for level in range(256)])


@pytest.mark.parametrize(
    "alpha",
    [
        pytest.param(with_pixel(254), id="one pixel of 254"),
        pytest.param(with_pixel(0), id="a key colour of one pixel"),
        pytest.param(Image.new("L", SIZE, 254), id="254 everywhere"),
        pytest.param(Image.new("L", SIZE, 255), id="opaque"),
        pytest.param(rounded(12), id="rounded corners"),
        pytest.param(rounded(70), id="strongly rounded corners"),
        pytest.param(with_soft_row(), id="a soft edge row"),
        pytest.param(on_clear_canvas(), id="a photograph on a clear canvas"),
        pytest.param(speckled(), id="a key colour all over"),
    ],
)
def test_a_picture_that_shows_its_background_is_no_cutout(alpha: Image.Image) -> None:
    assert not is_cutout(alpha)


@pytest.mark.parametrize(
    "alpha",
    [
        pytest.param(ellipse(100, 50, 300, 250), id="a subject on a clear canvas"),
        pytest.param(ellipse(0, 0, 399, 299), id="a subject that fills the picture"),
        pytest.param(ellipse(50, 60, 350, 500), id="a portrait that ends at the lower edge"),
        pytest.param(ellipse(100, 50, 300, 250).point([level // 2 for level in range(256)]), id="glass"),
        pytest.param(Image.new("L", SIZE), id="nothing at all"),
    ],
)
def test_a_subject_with_clear_surroundings_is_a_cutout(alpha: Image.Image) -> None:
    assert is_cutout(alpha)
