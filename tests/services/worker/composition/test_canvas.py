"""The canvas: what is resized, what lies under it, and no colour from where nothing is visible."""

import numpy as np
import pytest
from PIL import Image

from services.worker.composition import canvas, layout, shadows
from services.worker.composition.layout import Reach
from shared.models.composition import Area, Composition, Length, Shadow
from shared.models.cutout import Foreground
from tests.services.worker.composition.artwork import CLEAR, RED, block, textured

SIZE, BOX = (400, 300), (100, 60, 300, 240)
SUBJECT = Foreground(top=60, left=100, width=200, height=180)


def drawn(cutout: Image.Image, pixels: int = 50_000_000, **asked: object) -> Image.Image:
    plan = layout.plan(SIZE, SUBJECT, Composition(**asked), Reach())  # type: ignore[arg-type] # each test says what
    return canvas.draw(cutout, plan.limited(pixels))


def test_what_does_not_move_is_not_touched() -> None:
    cutout = block()
    assert drawn(cutout) is cutout


@pytest.mark.parametrize("size", [(400, 300), (300, 1000)])
def test_smaller_is_what_pillow_makes_of_it_in_one_piece(size: tuple[int, int]) -> None:
    cutout = textured((900, 2000), (100, 100, 800, 1900))
    whole: Area = (0, 0, 900, 2000)
    made = canvas.draw(cutout.copy(), layout.Layout(size, whole, (0, 0, *size), (0, 0, *size), size))
    expected = cutout.resize(size, Image.Resampling.LANCZOS, reducing_gap=4)
    one, other = (np.asarray(picture.convert("RGBa")).astype(int) for picture in (made, expected))
    assert np.abs(one - other).max() <= 24  # at corners, where it depends on which direction Pillow begins with
    assert np.abs(one - other).mean() < 0.02


def test_no_hidden_colour_bleeds_into_the_edge() -> None:
    small = np.asarray(drawn(block(), 10_000)).astype(int)
    visible = small[small[..., 3] > 64]
    assert np.abs(visible[:, :3] - RED[:3]).max() <= 24  # the clear pixels beside it are bright green


def test_a_moved_subject_keeps_its_pixels() -> None:
    cutout = textured(SIZE, BOX)
    moved = drawn(cutout.copy(), position=(0, 1))
    assert moved.size == SIZE
    assert moved.crop((0, 120, 200, 300)).tobytes() == cutout.crop(BOX).tobytes()
    assert moved.getpixel((250, 100)) == CLEAR


def test_the_memory_of_a_cutout_that_was_drawn_is_freed() -> None:
    cutout = block()
    drawn(cutout, position=(0, 1))
    with pytest.raises(ValueError, match="closed"):
        cutout.getpixel((0, 0))


def test_margins_beyond_the_picture_are_clear() -> None:
    right = Length(200, "px")
    none = Length(0, "px")
    made = drawn(block(), crop=True, crop_margin=(none, right, none, none))
    assert made.size == (400, 180)
    assert made.getpixel((199, 90)) == RED
    assert [made.getpixel((x, 90))[3] for x in (200, 399)] == [0, 0]  # type: ignore[index] # it is RGBA


def test_all_but_the_region_becomes_background() -> None:
    picture = block()
    canvas.keep_only(picture, (0, 0, 150, 300))
    assert picture.getchannel("A").getbbox() == (100, 60, 150, 240)


def test_a_shadow_lies_under_the_subject_and_does_not_change_it() -> None:
    picture, cutout = block(), block()
    cast = shadows.cast(Shadow.DROP, Image.new("L", (200, 180), 255), 0.5, grounded=True)
    canvas.put_shadow(picture, cast, BOX)
    assert picture.crop(BOX).tobytes() == cutout.crop(BOX).tobytes()
    assert picture.getpixel((200, 245))[:3] == (0, 0, 0)  # type: ignore[index] # it is RGBA
    assert 40 < picture.getpixel((200, 245))[3] < 128  # type: ignore[index]


def test_a_shadow_is_the_same_in_one_strip_and_in_many() -> None:
    cast = shadows.cast(Shadow.DROP, Image.new("L", (100, 900), 255), 0.5, grounded=True)
    clear = Image.new("RGBA", (300, 1200))
    canvas.put_shadow(clear, cast, (100, 100, 200, 1000))
    alpha = np.asarray(clear.getchannel("A")).astype(int)
    assert alpha.max() > 60
    assert np.abs(np.diff(alpha, axis=0)).max() < 12  # also between the strips


def test_colours_are_spread_over_what_is_clear() -> None:
    picture = block()
    canvas.spread(picture)
    colours = np.asarray(picture.convert("RGB")).astype(int)
    assert np.abs(colours - RED[:3]).max() <= 3


def test_visible_colours_are_not_spread_over() -> None:
    size, box = (1200, 600), (100, 60, 900, 500)
    picture, cutout = textured(size, box), textured(size, box)
    canvas.spread(picture)
    assert picture.convert("RGB").crop(box).tobytes() == cutout.convert("RGB").crop(box).tobytes()
