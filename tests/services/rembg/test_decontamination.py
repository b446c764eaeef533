"""Colours at the edge, on scenes put together from a subject and a ground whose colours are known."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from services.rembg import alpha
from services.rembg.decontamination import EdgeColours

RED, GREEN = np.array([200, 40, 44]), np.array([60, 190, 80])
SIZE = (600, 450)


def disc(size: tuple[int, int] = SIZE) -> Image.Image:
    """Alpha of a disc as a lens would show it."""
    drawn = Image.new("L", size)
    ImageDraw.Draw(drawn).ellipse([round(share * side) for share in (0.25, 0.75) for side in size], fill=255)
    return drawn.filter(ImageFilter.GaussianBlur(1))


def photographed(true: Image.Image, subject: np.ndarray = RED, ground: np.ndarray = GREEN) -> np.ndarray:
    share = np.asarray(true)[..., None] / 255
    return (subject * share + ground * (1 - share) + 0.5).astype(np.uint8)


def mask_of(true: Image.Image, side: int = 160) -> Image.Image:
    """What a network makes of it: coarse, and softer than it is."""
    return true.resize((side, side), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(1.5))


def cleaned(photo: np.ndarray, mask: Image.Image, rows: int = 64) -> np.ndarray:
    picture = Image.fromarray(photo)
    opacity = alpha.snapped(mask.resize(picture.size, Image.Resampling.LANCZOS))
    edges = EdgeColours(picture, mask, alpha.cells_with_colour(np.asarray(mask), picture.size, 4))
    pixels = np.dstack([photo, np.asarray(opacity)])
    for top in range(0, len(pixels), rows):
        edges.clean(pixels[top : top + rows], 0, top)
    return pixels


def test_the_edge_takes_the_subjects_colour() -> None:
    photo = photographed(disc())
    pixels = cleaned(photo, mask_of(disc())).astype(int)
    edge = (pixels[..., 3] > 0) & (pixels[..., 3] < 255)
    before = np.abs(photo[edge] - RED).mean()
    assert before > 50
    assert np.abs(pixels[edge, :3] - RED).mean() < before / 12


def test_clear_pixels_beside_the_edge_hold_the_subjects_colour_and_those_far_away_the_photos() -> None:
    photo = photographed(disc())
    pixels = cleaned(photo, mask_of(disc())).astype(int)
    clear = pixels[..., 3] == 0
    near = clear & np.asarray(mask_of(disc()).resize(SIZE, Image.Resampling.NEAREST)) > 0
    assert near.any()
    assert np.abs(pixels[near, :3] - RED).max() <= 8
    assert np.array_equal(pixels[:40, :, :3], photo[:40])


def test_alpha_and_the_inside_stay_as_they_are() -> None:
    random = np.random.default_rng(1)
    subject = RED + random.integers(-30, 30, (SIZE[1], SIZE[0], 3))
    photo = photographed(disc(), subject)
    pixels = cleaned(photo, mask_of(disc()))
    inside = np.asarray(disc().filter(ImageFilter.GaussianBlur(8))) >= 250
    assert inside.mean() > 0.1
    assert np.array_equal(pixels[inside, :3], photo[inside])
    opacity = alpha.snapped(mask_of(disc()).resize(SIZE, Image.Resampling.LANCZOS))
    assert np.array_equal(pixels[..., 3], np.asarray(opacity))


def test_a_detail_in_the_grounds_colour_that_the_mask_is_nearly_sure_of_stays() -> None:
    true = disc()
    photo = photographed(true)
    photo[220:230, 295:305] = GREEN  # a green button in the middle of the disc
    mask = mask_of(true)
    mask.paste(236, (77, 77, 83, 83))
    pixels = cleaned(photo, mask).astype(int)
    assert np.abs(pixels[222:228, 297:303, :3] - GREEN).max() <= 50


def test_a_faint_spot_deep_inside_the_subject_keeps_the_photos_colours() -> None:
    true = disc()
    photo = photographed(true)
    photo[205:245, 275:325] = GREEN // 2 + RED // 2  # a label, half in the ground's colour
    mask = mask_of(true)
    mask.paste(60, (75, 75, 85, 85))
    assert np.array_equal(cleaned(photo, mask)[205:245, 275:325, :3], photo[205:245, 275:325])


@pytest.mark.parametrize("rows", [1, 7, 450])
def test_strips_of_any_height_give_the_same_colours(rows: int) -> None:
    photo = photographed(disc())
    assert np.array_equal(cleaned(photo, mask_of(disc()), rows), cleaned(photo, mask_of(disc())))


def test_a_part_of_the_picture_gets_the_colours_it_has_in_the_whole() -> None:
    across = np.linspace(-50, 50, SIZE[0])[None, :, None] + np.linspace(0, 90, SIZE[1])[:, None, None]
    photo, mask = photographed(disc(), RED + across, GREEN + across), mask_of(disc())
    whole = cleaned(photo, mask)
    picture = Image.fromarray(photo)
    edges = EdgeColours(picture, mask, alpha.cells_with_colour(np.asarray(mask), picture.size, 4))
    part = np.dstack([photo, whole[..., 3]])[100:220, 130:310].copy()
    edges.clean(part, 130, 100)
    assert np.array_equal(part, whole[100:220, 130:310])


@pytest.mark.parametrize(("inside", "outside"), [(120, 0), (255, 120), (120, 120)])
def test_without_sure_subject_or_without_sure_ground_nothing_changes(inside: int, outside: int) -> None:
    photo = photographed(disc())
    mask = Image.new("L", (160, 160), outside)
    mask.paste(inside, (40, 40, 120, 120))
    assert np.array_equal(cleaned(photo, mask)[..., :3], photo)


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (37, 3), (2001, 40)])
@pytest.mark.parametrize("side", [1, 2, 33, 320, 1024])
def test_pictures_and_masks_of_any_size_are_cleaned(size: tuple[int, int], side: int) -> None:
    random = np.random.default_rng(4)
    photo = random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    mask = Image.fromarray(random.choice(np.array([0, 120, 255], np.uint8), (side, side)))
    assert cleaned(photo, mask).shape == (size[1], size[0], 4)
