"""Compositions: the picture that each field of remove.bg's API asks for."""

from typing import Any
from uuid import UUID

import numpy as np
import pytest
from PIL import Image

from services.worker import pictures
from services.worker.composition import composing
from services.worker.failures import Failed
from shared import images
from shared.models.composition import Channels, Composition, Format, Length, Shadow, Subject
from shared.models.cutout import Composed, Foreground
from shared.models.job import JobFailure
from tests.services.worker.composition.artwork import GREEN, RED, block, opened, png, textured

BLUE = (0, 0, 255, 255)
WHOLE = Foreground(60, 100, 200, 180)


def composed(
    cutout: Image.Image | None = None, background: Image.Image | None = None, **asked: Any
) -> tuple[images.Copy, Composed]:
    if background:
        asked["bg_asset"] = UUID(int=1)
    return composing.compose(cutout or block(), Composition(**asked), None, png(background) if background else None)


def shown(*arguments: Any, **asked: Any) -> Image.Image:
    return opened(composed(*arguments, **asked)[0].data)


def near(picture: Image.Image, place: tuple[int, int], colour: tuple[int, ...]) -> bool:
    found = np.asarray(picture.convert("RGB").getpixel(place)).astype(int)
    return bool(np.abs(found - colour[:3]).max() <= 4)


def test_nothing_asked_gives_the_cutout_as_png() -> None:
    copy, told = composed()
    assert copy.content_type == "image/png"
    assert np.array_equal(np.asarray(opened(copy.data)), np.asarray(block()))
    assert told == Composed(Subject.GRAPHIC, WHOLE, 400, 300)


@pytest.mark.parametrize(
    ("colour", "kind"), [(BLUE, "image/jpeg"), ((0, 0, 255, 128), "image/png"), ((0, 0, 0, 0), "image/png")]
)
def test_auto_is_png_as_long_as_anything_is_transparent(colour: tuple[int, ...], kind: str) -> None:
    assert composed(bg_color=colour)[0].content_type == kind


def test_a_clear_background_colour_stays_clear() -> None:
    assert np.array_equal(np.asarray(shown(bg_color=(0, 0, 0, 0))), np.asarray(block()))


def test_a_colour_fills_the_background() -> None:
    picture = shown(bg_color=BLUE, format=Format.PNG)
    assert (picture.getpixel((5, 5)), picture.getpixel((200, 150))) == (BLUE[:3], RED[:3])


def test_a_soft_edge_is_mixed_in_srgb() -> None:
    cutout = block()
    cutout.putalpha(cutout.getchannel("A").point(lambda level: level // 2))
    assert near(shown(cutout, bg_color=(255, 255, 255, 255), format=Format.PNG), (200, 150), (228, 143, 138))


def test_a_background_picture_covers_the_canvas_from_its_middle() -> None:
    stripes = Image.new("RGB", (600, 100), "white")
    stripes.paste(GREEN[:3], (200, 0, 400, 100))  # only the middle 133 of 600 columns are shown
    picture = shown(background=stripes, format=Format.PNG)
    assert all(near(picture, place, GREEN) for place in ((2, 2), (397, 2), (2, 297), (397, 297)))


def test_a_background_of_the_same_size_is_used_pixel_for_pixel() -> None:
    ground = textured((400, 300), (0, 0, 400, 300)).convert("RGB")
    picture = shown(background=ground, format=Format.PNG)
    assert picture.crop((0, 0, 400, 60)).tobytes() == ground.crop((0, 0, 400, 60)).tobytes()


def test_a_size_is_never_exceeded_and_never_enlarged_to() -> None:
    assert shown(max_pixels=30_000).size == (200, 150)
    assert shown(max_pixels=50_000_000).size == (400, 300)


def test_a_png_ends_at_ten_megapixels_whatever_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "MAX_PNG_PIXELS", 30_000)
    limited: list[dict[str, Any]] = [{}, {"format": Format.PNG}, {"channels": Channels.ALPHA, "format": Format.JPG}]
    free: list[dict[str, Any]] = [{"format": kind} for kind in (Format.JPG, Format.ZIP, Format.WEBP)]
    for asked in limited:
        copy, told = composed(max_pixels=50_000_000, **asked)
        assert copy.size == (told.max_width, told.max_height) == (200, 150)
    for asked in [*free, {"bg_color": BLUE}]:
        assert composed(max_pixels=50_000_000, **asked)[0].size == (400, 300)


def test_the_sides_at_full_size_are_told() -> None:
    told = composed(max_pixels=30_000)[1]
    assert (told.max_width, told.max_height) == (400, 300)


def test_the_sides_at_full_size_are_never_below_those_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "FULL_PIXELS", 30_000)
    copy, told = composed(max_pixels=50_000_000)
    assert copy.size == (told.max_width, told.max_height) == (400, 300)


def test_the_region_decides_the_foreground() -> None:
    roi = (Length(0, "%"), Length(50, "%"), Length(150, "px"), Length(100, "%"))
    copy, told = composed(roi=roi, crop=True)
    assert told.foreground == Foreground(top=150, left=100, width=50, height=90)
    assert copy.size == (50, 90)


def test_a_region_without_a_subject_fails() -> None:
    with pytest.raises(Failed) as raised:
        composed(roi=(Length(0, "px"),) * 2 + (Length(50, "px"),) * 2)
    assert raised.value.failure is JobFailure.UNKNOWN_FOREGROUND


def test_a_matte_has_no_shadow_and_no_background() -> None:
    matte = shown(channels=Channels.ALPHA, bg_color=BLUE, shadow=Shadow.DROP, crop=True)
    assert (matte.mode, matte.size, matte.getextrema()) == ("L", (200, 180), (255, 255))


@pytest.mark.parametrize("kind", [Shadow.DROP, Shadow.CAR, Shadow.THREE_D])
def test_a_shadow_darkens_the_ground_and_not_the_subject(kind: Shadow) -> None:
    picture = shown(shadow=kind, bg_color=(255, 255, 255, 255), format=Format.PNG)
    levels = np.asarray(picture).astype(int)
    assert (levels[60:240, 100:300] == RED[:3]).all()
    assert levels[244, 200].max() < 245  # below its lower edge
    assert levels[:20].min() == 255  # and not above it


def test_a_shadow_without_a_background_is_part_of_the_png() -> None:
    picture = shown(shadow=Shadow.DROP)
    red, green, blue, alpha = picture.getpixel((200, 246))  # type: ignore[misc] # it is RGBA
    assert (red, green, blue) == (0, 0, 0)
    assert 30 < alpha < 128


def test_no_opacity_is_no_shadow() -> None:
    assert shown(shadow=Shadow.DROP, shadow_opacity=0, format=Format.PNG).getchannel("A").getbbox() == (
        100,
        60,
        300,
        240,
    )


def test_a_crop_holds_the_shadow_except_where_the_picture_cuts_the_subject_off() -> None:
    whole = shown(shadow=Shadow.DROP, crop=True)
    assert whole.width > 220
    assert whole.height > 200
    cut_off = shown(block(box=(100, 60, 400, 300)), shadow=Shadow.DROP, crop=True)
    assert cut_off.getpixel((cut_off.width - 1, cut_off.height - 1)) == RED


def test_a_subject_that_the_picture_cuts_off_below_has_a_drop_shadow() -> None:
    cut_off = [shown(block(box=(100, 60, 300, 300)), shadow=kind).tobytes() for kind in (Shadow.CAR, Shadow.DROP)]
    assert cut_off[0] == cut_off[1]


def test_the_types_shadow_follows_the_type_asked_for() -> None:
    drop, other = shown(shadow=Shadow.DROP), shown(shadows={Subject.CAR: Shadow.DROP})
    assert other.tobytes() == block().tobytes() != drop.tobytes()
    assert shown(shadows={Subject.CAR: Shadow.DROP}, type=Subject.CAR).tobytes() != block().tobytes()


@pytest.mark.parametrize(("asked", "closed"), [(Subject.CAR, True), (Subject.PRODUCT, False)])
def test_windows_are_closed_for_cars_only(asked: Subject, closed: bool) -> None:
    glass = block()
    glass.paste((90, 90, 200, 100), (150, 100, 250, 180))
    picture = shown(glass, type=asked, semitransparency=False)
    assert picture.getpixel((200, 140)) == (90, 90, 200, 255 if closed else 100)


def test_a_large_canvas_of_a_large_picture_does_not_wait_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "LARGE", 1)
    with pictures.large(400, 300):
        assert pictures.one_large.acquire(blocking=False)
        pictures.one_large.release()
