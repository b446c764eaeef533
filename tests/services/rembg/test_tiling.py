"""Elongated pictures are cut tile by tile, and their mask fits together without seams."""

import numpy as np
import pytest
from PIL import Image

from services.rembg import tiling
from shared.errors import UnknownForeground

SIZE = 64


def brightness(tile: Image.Image) -> Image.Image:
    """Stands for a network that marks what is bright."""
    if not tile.getbbox():
        raise UnknownForeground()
    return tile.convert("L").resize((SIZE, SIZE), Image.Resampling.BOX)


def stripes(width: int, height: int) -> Image.Image:
    """Black and white, each stripe as broad as the picture is high."""
    columns = (np.arange(width) // height % 2 * 255).astype(np.uint8)
    return Image.fromarray(np.repeat(np.repeat(columns[None, :, None], height, 0), 3, 2))


@pytest.mark.parametrize(
    ("size", "elongated"),
    [((400, 100), False), ((401, 100), True), ((100, 400), False), ((100, 401), True), ((300, 300), False)],
)
def test_only_pictures_beyond_four_to_one_are_tiled(size: tuple[int, int], elongated: bool) -> None:
    assert tiling.is_elongated(*size) is elongated


@pytest.mark.parametrize("ratio", [5, 20])
def test_a_wide_picture_keeps_its_details(ratio: int) -> None:
    picture = stripes(ratio * SIZE, SIZE)
    mask = tiling.mask(picture, SIZE, brightness)
    assert mask.size == picture.size
    error = np.abs(np.asarray(mask, int) - np.asarray(picture.convert("L"), int)).mean()
    assert error < 8


def test_a_tall_picture_is_cut_like_a_wide_one() -> None:
    wide = stripes(5 * SIZE, SIZE)
    tall = wide.transpose(Image.Transpose.TRANSPOSE)
    masks = [np.asarray(tiling.mask(picture, SIZE, brightness), int) for picture in (wide, tall)]
    assert np.abs(masks[0] - masks[1].T).max() <= 1


def test_an_even_mask_has_no_seams() -> None:
    picture = Image.new("RGB", (20 * SIZE, SIZE), (100, 100, 100))
    assert tiling.mask(picture, SIZE, brightness).getextrema() == (100, 100)


def test_a_subject_longer_than_a_tile_is_seen_whole() -> None:
    """Stands for a network that sees a bar between its grounds, and nothing sure in its middle."""
    bar, half = Image.new("L", (SIZE, SIZE)), Image.new("L", (SIZE, SIZE), 128)
    bar.paste(255, (4, 20, 60, 44))
    picture = Image.new("RGB", (6 * SIZE, SIZE))
    whole = tiling.mask(picture, SIZE, lambda seen: bar if seen.width == picture.width else half)
    assert whole is bar


def test_tiles_without_a_subject_are_clear() -> None:
    picture = Image.new("RGB", (10 * SIZE, SIZE))
    picture.paste((255, 255, 255), (0, 0, SIZE, SIZE))
    mask = np.asarray(tiling.mask(picture, SIZE, brightness))
    assert mask[:, : SIZE // 2].min() == 255
    assert mask[:, 2 * SIZE :].max() == 0


def test_a_picture_without_any_subject_is_refused() -> None:
    with pytest.raises(UnknownForeground):
        tiling.mask(Image.new("RGB", (10 * SIZE, SIZE)), SIZE, brightness)


@pytest.mark.parametrize("size", [(16_000, 16), (16, 16_000), (16_000, 3_000)])
def test_the_number_of_tiles_and_the_size_of_the_mask_are_bounded(size: tuple[int, int]) -> None:
    seen = []

    def counted(tile: Image.Image) -> Image.Image:
        seen.append(tile.size)
        return Image.new("L", (SIZE, SIZE), 255)

    mask = tiling.mask(Image.new("L", size), SIZE, counted)
    assert len(seen) <= 13  # twelve tiles and the whole
    assert min(mask.size) == min(SIZE, *size)
    assert mask.getextrema() == (255, 255)
