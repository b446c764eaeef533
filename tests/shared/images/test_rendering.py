"""The picture of a cut-out's file: cropped, made smaller, on a background, compressed."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from shared.images import rendering
from shared.models.cutout import Foreground
from shared.models.rendering import NO_MARGINS, Format, Rendering, Size
from tests.services import pictures

SIZE = (40, 30)
SUBJECT = Foreground(top=7, left=10, width=20, height=15)
RED, CLEAR = (255, 0, 0, 255), (0, 0, 0, 0)


def cutout(size: tuple[int, int] = SIZE) -> Image.Image:
    """A subject of RGB noise with a soft edge."""
    noise = np.random.default_rng(5).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    noise[:7, :, 3] = noise[22:, :, 3] = 0
    noise[10:12, :, 3] = 255
    return Image.fromarray(noise)


def shown(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def ground(picture: Image.Image) -> Callable[[tuple[int, int]], Image.Image]:
    return lambda _: picture


def test_nothing_asked_for_leaves_the_pixels_as_they_are() -> None:
    made = rendering.render(cutout(), SUBJECT, Rendering(format=Format.WEBP))
    assert made.tobytes() == cutout().tobytes()


def test_a_crop_is_the_subject_and_its_margins_as_far_as_the_picture_reaches() -> None:
    assert rendering.crop_box(SUBJECT, NO_MARGINS, SIZE) == (10, 7, 30, 22)
    wide = ((50, "%"), (25, "%"), (500, "px"), (3, "px"))
    assert rendering.crop_box(SUBJECT, wide, SIZE) == (7, 0, 35, 30)
    assert rendering.crop_box(Foreground(0, 0, *SIZE), ((500, "px"),) * 4, SIZE) == (0, 0, *SIZE)
    made = rendering.render(cutout(), SUBJECT, Rendering(crop=True))
    assert made.tobytes() == cutout().crop((10, 7, 30, 22)).tobytes()


def test_a_margin_without_a_crop_crops_nothing() -> None:
    assert rendering.render(cutout(), SUBJECT, Rendering(crop_margin=((5, "px"),) * 4)).size == SIZE


@pytest.mark.parametrize(("size", "made"), [((1000, 500), (707, 353)), ((500, 500), (500, 500)), (SIZE, SIZE)])
def test_a_size_is_a_limit_and_nothing_is_enlarged(size: tuple[int, int], made: tuple[int, int]) -> None:
    assert rendering.render(cutout(size), SUBJECT, Rendering(size=Size.PREVIEW)).size == made


def test_the_crop_comes_before_the_size() -> None:
    box = Foreground(top=100, left=100, width=400, height=300)
    asked = Rendering(size=Size.PREVIEW, crop=True)
    assert rendering.render(cutout((2000, 1000)), box, asked).size == (400, 300)
    picture = Image.new("RGBA", (2000, 1000), CLEAR)
    picture.paste(RED, (100, 100, 900, 700))
    made = rendering.render(picture, Foreground(top=100, left=100, width=800, height=600), asked)
    assert (made.size, made.crop((5, 5, 572, 428)).getcolors()) == ((577, 433), [(567 * 423, RED)])


def test_a_smaller_cut_out_keeps_its_colour_at_the_edge() -> None:
    picture = Image.new("RGBA", (2000, 1000), CLEAR)  # black where it is clear
    picture.paste((250, 240, 230, 255), (500, 250, 1500, 750))
    made = np.asarray(rendering.render(picture, SUBJECT, Rendering(size=Size.PREVIEW)))
    visible = made[made[..., 3] > 8]
    assert visible[:, :3].min() > 220


def test_an_opaque_colour_leaves_no_alpha() -> None:
    made = rendering.render(cutout(), SUBJECT, Rendering(bg_color=RED))
    assert (made.mode, made.getpixel((0, 0))) == ("RGB", (255, 0, 0))
    assert np.array_equal(np.asarray(made)[10], np.asarray(cutout())[10, :, :3])
    over = Image.alpha_composite(Image.new("RGBA", SIZE, RED), cutout())
    assert made.tobytes() == over.convert("RGB").tobytes()


def test_a_half_transparent_colour_stays_half_transparent() -> None:
    made = rendering.render(cutout(), SUBJECT, Rendering(bg_color=(0, 9, 255, 128)))
    assert (made.mode, made.getpixel((0, 0))) == ("RGBA", (0, 9, 255, 128))


def test_a_background_covers_the_picture_from_its_middle_without_seams() -> None:
    size = (300, 900)  # several strips
    slope = Image.merge("RGB", [Image.linear_gradient("L").resize((600, 900))] * 3)
    slope.paste((9, 9, 9), (0, 0, 150, 900))  # what is cut off on both sides
    slope.paste((9, 9, 9), (450, 0, 600, 900))
    made = rendering.render(Image.new("RGBA", size, CLEAR), SUBJECT, Rendering(), ground(slope))
    assert (made.mode, made.size) == ("RGB", size)
    assert made.crop((5, 0, 295, 900)).tobytes() == slope.crop((155, 0, 445, 900)).tobytes()
    small = rendering.render(Image.new("RGBA", size, CLEAR), SUBJECT, Rendering(), ground(slope.resize((60, 90))))
    assert np.abs(np.diff(np.asarray(small)[:, 150, 0].astype(int))).max() <= 1


def test_a_transparent_background_shows_the_colour_behind_it() -> None:
    left = Image.new("RGBA", (40, 30), CLEAR)
    left.paste((0, 0, 200, 255), (0, 0, 20, 30))
    made = rendering.render(Image.new("RGBA", SIZE, CLEAR), SUBJECT, Rendering(bg_color=RED), ground(left))
    assert (made.getpixel((2, 2)), made.getpixel((38, 2))) == ((0, 0, 200), (255, 0, 0))
    bare = rendering.render(Image.new("RGBA", SIZE, CLEAR), SUBJECT, Rendering(), ground(left))
    assert bare.getpixel((38, 2)) == CLEAR


def test_auto_is_jpg_where_nothing_is_transparent() -> None:
    opaque = Image.new("RGBA", SIZE, RED)
    found = [rendering.fitting(picture, Format.AUTO) for picture in (cutout(), opaque, opaque.convert("RGB"))]
    assert found == [Format.PNG, Format.JPG, Format.JPG]
    assert rendering.fitting(opaque, Format.WEBP) is Format.WEBP


def test_a_jpg_is_white_where_nothing_else_is() -> None:
    image = shown(rendering.compressed(Image.new("RGBA", SIZE, CLEAR), Format.JPG, None))
    assert (image.format, image.mode, image.getpixel((0, 0))) == ("JPEG", "RGB", (255, 255, 255))


def test_webp_keeps_alpha_and_what_is_under_it() -> None:
    image = shown(rendering.compressed(cutout(), Format.WEBP, None))
    assert (image.format, image.mode, image.size) == ("WEBP", "RGBA", SIZE)
    assert np.array_equal(np.asarray(image.getchannel("A")), np.asarray(cutout().getchannel("A")))


def test_density_is_stated_in_each_format() -> None:
    jpg = shown(rendering.compressed(pictures.drawn(), Format.JPG, (300.0, 200.0)))
    webp = shown(rendering.compressed(pictures.drawn(), Format.WEBP, (300.0, 200.0)))
    assert jpg.info["dpi"] == (300, 200)
    exif = webp.getexif()
    assert (exif[0x011A], exif[0x011B], exif[0x0128]) == (300, 200, 2)
    assert len(shown(rendering.compressed(pictures.drawn(), Format.WEBP, None)).getexif()) == 0
