"""The response's file: formats, backgrounds, crops; colours at the edge and beyond it."""

import io

import numpy as np
import pytest
from PIL import Image

from services.rembg import encoder, options, remover
from services.rembg.inference import Network
from services.rembg.row_pool import RowPool
from shared import images
from shared.models.cutout import Foreground
from tests.services.rembg import pictures
from tests.services.rembg.pictures import SIZE

PHOTO = pictures.encode(pictures.shirt(), dpi=(300, 200))


def made(network: Network, data: bytes = PHOTO, /, **fields: str) -> encoder.File:
    return remover.remove(network, data, images.inspect(data), options.read({"method": "network", **fields})).file


def shown(file: encoder.File) -> Image.Image:
    with Image.open(io.BytesIO(file.data)) as image:
        image.load()
        assert image.size == (file.width, file.height)
        return image


@pytest.mark.parametrize(
    ("fields", "kind", "mode"),
    [
        ({}, "PNG", "RGBA"),
        ({"format": "auto"}, "PNG", "RGBA"),
        ({"format": "webp"}, "WEBP", "RGBA"),
        ({"format": "jpg"}, "JPEG", "RGB"),
        ({"format": "auto", "bgcolor": "red"}, "JPEG", "RGB"),
        ({"format": "auto", "bgcolor": "ff000080"}, "PNG", "RGBA"),
        ({"output": "mask"}, "PNG", "L"),
        ({"output": "mask", "format": "jpg"}, "JPEG", "L"),
    ],
)
def test_the_file_is_what_was_asked_for(compact: Network, fields: dict[str, str], kind: str, mode: str) -> None:
    file = made(compact, PHOTO, **fields)
    image = shown(file)
    assert (image.format, image.mode, image.size) == (kind, mode, SIZE)
    assert file.content_type == f"image/{kind.lower()}"


def test_the_mask_is_the_cutouts_alpha(compact: Network) -> None:
    assert shown(made(compact, output="mask")).tobytes() == shown(made(compact)).getchannel("A").tobytes()


@pytest.mark.parametrize(
    ("fields", "ground"), [({"format": "jpg"}, (255, 255, 255)), ({"bgcolor": "00f"}, (0, 0, 255))]
)
def test_a_background_shows_where_the_subject_is_not(
    compact: Network, fields: dict[str, str], ground: tuple[int, ...]
) -> None:
    pixels = np.asarray(shown(made(compact, PHOTO, **fields)).convert("RGB")).astype(int)
    assert np.abs(pixels[5, 5] - ground).max() <= 2
    assert np.abs(pixels[220, 240] - pictures.SUBJECT).max() <= 8


def test_a_crop_leaves_the_subject_and_its_margin(compact: Network) -> None:
    whole, bare, wide = made(compact), made(compact, crop="1"), made(compact, crop="1", crop_margin="10px 20px")
    assert (wide.width, wide.height) == (bare.width + 40, bare.height + 20)
    box = shown(whole).getchannel("A").point([255 * (level >= images.INK) for level in range(256)]).getbbox()
    assert box is not None
    assert shown(whole).crop(box).tobytes() == shown(bare).tobytes()


def test_density_is_kept_and_the_colour_profile_applied(compact: Network) -> None:
    assert shown(made(compact)).info["dpi"] == pytest.approx((300, 200), abs=0.1)
    assert shown(made(compact, format="jpg")).info["dpi"] == pytest.approx((300, 200), abs=1)
    assert shown(made(compact, format="webp")).getexif()[0x011A] == pytest.approx(300, abs=0.1)
    assert "icc_profile" not in shown(made(compact)).info
    assert "dpi" not in shown(made(compact, pictures.encode(pictures.shirt()))).info


def test_colours_stay_around_the_rim_and_are_cleared_beyond(compact: Network) -> None:
    pixels = pictures.pixels(made(compact).data)
    clear = pixels[..., 3] == 0
    beyond = clear & (pixels[..., :3].sum(axis=-1) == 0)
    assert beyond.mean() > 0.3
    visible_around = np.zeros_like(clear)
    for step in (-4, 4):
        visible_around |= np.roll(~clear, step, 0) | np.roll(~clear, step, 1)
    assert not (beyond & visible_around).any()


@pytest.mark.parametrize("size", [(37, 301), (2000, 1300), (1, 1), (700, 375)])
def test_strips_give_the_same_pixels_as_the_whole(size: tuple[int, int]) -> None:
    random = np.random.default_rng(3)
    picture = Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    alpha = Image.fromarray(random.integers(0, 256, (size[1], size[0]), dtype=np.uint8))
    kept = random.integers(0, 2, (32, 32)).astype(bool)
    file = encoder.make(
        picture, alpha, encoder.Edges(kept, None), Foreground(0, 0, *size), options.Options(), None, RowPool(1, 0)
    )
    rows, columns = (np.arange(length) * 32 // length for length in (size[1], size[0]))
    wanted = np.dstack([np.asarray(picture) * kept[rows][:, columns, None], np.asarray(alpha)])
    assert np.array_equal(pictures.pixels(file.data), wanted)


def test_the_smoothed_mask_is_hard_and_without_specks() -> None:
    drawn = np.zeros((100, 100), np.uint8)
    drawn[20:80, 20:80], drawn[5, 5] = 200, 255
    levels = np.asarray(encoder.smoothed(Image.fromarray(drawn)))
    assert set(np.unique(levels)) == {0, 255}
    assert levels[5, 5] == 0
    assert levels[50, 50] == 255
