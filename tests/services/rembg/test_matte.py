"""How a matte is found: a picture's own transparency, a flat ground, or the network."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from services.rembg import matte, remover
from services.rembg.inference import Network
from services.rembg.matting import _doubt
from services.rembg.options import Matting, Options
from services.rembg.remover import Cutout
from shared import images
from shared.errors import UnknownForeground
from shared.models.cutout import Method, Transparency
from tests.services.rembg import pictures
from tests.services.rembg.pictures import SIZE

BY_NETWORK = Options(method=Method.NETWORK)  # what is drawn here is flat enough for colour alone


def removed(network: Network, data: bytes, asked: Options = BY_NETWORK) -> Cutout:
    return remover.remove(network, data, images.inspect(data), asked)


def test_colours_stay_wherever_matting_may_draw() -> None:
    mask = Image.new("L", (320, 320))
    mask.paste(255, (100, 100, 220, 220))
    for erode in (0, 40):
        asked = Options(matting=Matting(erode=erode))
        kept = matte.find_edges(pictures.plain((90, 90, 90)), mask, asked).kept
        doubt = np.asarray(_doubt(mask.resize(SIZE, Image.Resampling.LANCZOS), Matting(), erode))
        rows, columns = np.nonzero(doubt)
        assert kept[rows * 320 // SIZE[1], columns * 320 // SIZE[0]].all()


def with_alpha(alpha: Image.Image) -> Image.Image:
    drawn = pictures.shirt().convert("RGBA")
    drawn.putalpha(alpha.resize(SIZE))
    return drawn


def test_a_cutout_is_kept_as_it_came(compact: Network) -> None:
    drawn = with_alpha(Image.radial_gradient("L").point([max(0, 255 - 2 * level) for level in range(256)]))
    cutout = removed(compact, pictures.encode(drawn))
    assert cutout.method is None
    assert np.array_equal(pictures.pixels(cutout.file.data), np.asarray(drawn))


def one_pixel_of_254() -> Image.Image:
    alpha = Image.new("L", SIZE, 255)
    alpha.putpixel((0, 0), 254)
    return alpha


@pytest.mark.parametrize("alpha", [one_pixel_of_254(), Image.new("L", SIZE, 254)], ids=["one pixel", "everywhere"])
@pytest.mark.parametrize("method", [Method.NETWORK, Method.AUTO])
def test_a_trace_of_transparency_keeps_no_background(compact: Network, alpha: Image.Image, method: Method) -> None:
    cutout = removed(compact, pictures.encode(with_alpha(alpha)), Options(method=method))
    opaque = removed(compact, pictures.encode(pictures.shirt()), Options(method=method))
    found, wanted = (pictures.pixels(made.file.data)[..., 3].astype(int) for made in (cutout, opaque))
    assert cutout.method is opaque.method is not None
    assert np.abs(found - wanted).mean() < 0.5


def test_a_photo_on_a_clear_canvas_is_cut_out_like_the_photo_alone(compact: Network) -> None:
    canvas = Image.new("RGBA", (SIZE[0] + 200, SIZE[1] + 300))
    canvas.paste(pictures.shirt(), (120, 90))
    cutout = pictures.pixels(removed(compact, pictures.encode(canvas)).file.data)
    alone = pictures.pixels(removed(compact, pictures.encode(pictures.shirt())).file.data)
    part = cutout[90 : 90 + SIZE[1], 120 : 120 + SIZE[0], 3].astype(int)
    assert np.abs(part - alone[..., 3]).mean() < 2
    assert cutout[..., 3].astype(int).sum() == part.sum()


def test_a_caller_decides_about_transparency(compact: Network) -> None:
    faded = with_alpha(Image.linear_gradient("L"))
    data = pictures.encode(faded)
    kept = removed(compact, data, Options(transparency=Transparency.KEEP))
    ignored = removed(compact, data, Options(method=Method.NETWORK, transparency=Transparency.IGNORE))
    opaque = removed(compact, pictures.encode(pictures.shirt()))
    assert kept.method is None
    assert np.array_equal(pictures.pixels(kept.file.data), np.asarray(faded))
    assert np.array_equal(pictures.pixels(ignored.file.data), pictures.pixels(opaque.file.data))


def test_an_opaque_alpha_channel_is_an_ordinary_picture(compact: Network) -> None:
    opaque = removed(compact, pictures.encode(pictures.shirt().convert("RGBA")))
    assert opaque.method is Method.NETWORK
    assert opaque.file.data == removed(compact, pictures.encode(pictures.shirt())).file.data


def ring() -> tuple[Image.Image, np.ndarray]:
    """A blue ring on cream, and its alpha."""
    large = Image.new("L", (1600, 1600))
    draw = ImageDraw.Draw(large)
    draw.ellipse((200, 200, 1400, 1400), 255)
    draw.ellipse((500, 500, 1100, 1100), 0)
    alpha = large.resize((400, 400), Image.Resampling.BOX)
    ground, ink = (Image.new("RGB", alpha.size, colour) for colour in ((246, 238, 220), (30, 60, 160)))
    return Image.composite(ink, ground, alpha), np.asarray(alpha, int)


def test_a_ring_on_a_flat_ground_keeps_its_hole_clear(compact: Network) -> None:
    picture, alpha = ring()
    cutout = removed(compact, pictures.encode(picture), Options())
    found = pictures.pixels(cutout.file.data)
    assert cutout.method is Method.FLAT
    assert np.abs(found[..., 3] - alpha).mean() < 0.5
    assert np.abs(found[alpha > 25, :3].astype(int) - (30, 60, 160)).max() <= 3  # none of the ground is left


def test_a_photographed_garment_on_studio_white_goes_to_the_network(compact: Network) -> None:
    data = Path("deploy/local/sample.jpg").read_bytes()
    assert removed(compact, data, Options()).method is Method.NETWORK


def test_a_flat_ground_that_is_not_there_cannot_be_forced(compact: Network) -> None:
    with pytest.raises(UnknownForeground, match="no flat"):
        removed(compact, pictures.encode(pictures.noise(128, 60)), Options(method=Method.FLAT))


def test_what_hardly_stands_out_is_uncertain_or_right(compact: Network) -> None:
    alpha = ring()[1]
    for ground, ink in (((255, 255, 255), (246, 246, 246)), ((0, 0, 0), (9, 9, 9))):
        mixed = np.array(ground) + (np.array(ink) - ground) * alpha[..., None] / 255
        data = pictures.encode(Image.fromarray(np.rint(mixed).astype(np.uint8)))
        for method in (Method.AUTO, Method.NETWORK):
            cutout = removed(compact, data, Options(method=method))
            found = pictures.pixels(cutout.file.data)[..., 3] > 127
            assert cutout.uncertainty >= 0.35 or iou(found, alpha > 127) >= 0.9, (ground, method)


def test_wide_lettering_is_cut_out_letter_by_letter(compact: Network) -> None:
    height = 160
    letters = Image.new("L", (20 * height, height))
    text = "STOLEN TEE CUSTOM PRINT SHOP QUALITY"
    ImageDraw.Draw(letters).text((height // 3, height // 8), text, 255, ImageFont.load_default(int(0.7 * height)))
    ground = Image.effect_noise(letters.size, 12).point([110 + level // 2 for level in range(256)]).convert("RGB")
    lettering = Image.composite(Image.new("RGB", letters.size, (20, 40, 120)), ground, letters)
    found = pictures.pixels(removed(compact, pictures.encode(lettering)).file.data)[..., 3] > 127
    wanted = np.asarray(letters) > 127
    squares = [lettering.crop((left, 0, left + height, height)) for left in range(0, letters.width, height)]
    one_by_one = np.hstack([alone_in(compact, square) for square in squares])
    assert iou(found, wanted) > iou(one_by_one, wanted) - 0.03


def alone_in(network: Network, square: Image.Image) -> np.ndarray:
    try:
        return pictures.pixels(removed(network, pictures.encode(square)).file.data)[..., 3] > 127
    except UnknownForeground:
        return np.zeros(square.size[::-1], bool)


def iou(found: np.ndarray, wanted: np.ndarray) -> float:
    return float((found & wanted).sum() / (found | wanted).sum())


def small_subject() -> tuple[Image.Image, np.ndarray]:
    """Lettering in a corner of a large picture of uneven ground, and where it is."""
    size, drawn = (2400, 2000), Image.new("L", (700, 620))
    ImageDraw.Draw(drawn).text((20, -40), "&8", 255, ImageFont.load_default(560))
    letters = Image.new("L", size)
    letters.paste(drawn, (1300, 900))
    ground = Image.effect_noise(size, 16).point([150 + level // 3 for level in range(256)]).convert("RGB")
    return Image.composite(Image.new("RGB", size, (150, 20, 40)), ground, letters), np.asarray(letters) > 127


def test_a_small_subject_is_cut_out_at_its_own_resolution(compact: Network) -> None:
    picture, wanted = small_subject()
    data = pictures.encode(picture)
    once, twice = (
        iou(pictures.pixels(removed(compact, data, asked).file.data)[..., 3] > 127, wanted)
        for asked in (Options(method=Method.NETWORK, second_pass=False), BY_NETWORK)
    )
    assert twice > 0.97
    assert 1 - twice < (1 - once) / 2


def test_a_second_look_that_contradicts_the_first_does_not_count() -> None:
    picture, _ = small_subject()
    mask = Image.new("L", (320, 320))
    mask.paste(255, (180, 150, 250, 230))
    for answer in (Image.new("L", (320, 320)), None):

        def look(_: Image.Image, found: Image.Image | None = answer) -> Image.Image:
            if found is None:
                raise UnknownForeground()
            return found

        assert matte.look_closer(picture, mask, 320, look) is mask


@pytest.mark.parametrize("box", [(20, 20, 300, 300), (150, 150, 160, 160)], ids=["large", "of few pixels"])
def test_a_second_look_is_taken_only_where_it_gains(box: tuple[int, int, int, int]) -> None:
    mask = Image.new("L", (320, 320))
    mask.paste(255, box)
    picture = Image.new("RGB", (1000, 1000))
    assert matte.look_closer(picture, mask, 320, lambda _: pytest.fail("looked again")) is mask


def test_a_drawing_that_fills_its_box_is_kept_where_no_subject_is_found(compact: Network) -> None:
    canvas = Image.new("RGBA", (600, 300))
    canvas.paste((30, 60, 160), (100, 50, 500, 250))
    cutout = removed(compact, pictures.encode(canvas), Options())
    assert cutout.method is None
    assert np.array_equal(pictures.pixels(cutout.file.data), np.asarray(canvas))


@pytest.mark.parametrize(("ground", "ink"), [(18, 10), (244, 251)], ids=["black on black", "white on white"])
def test_what_drowns_in_noise_is_uncertain_or_right(compact: Network, ground: int, ink: int) -> None:
    subject = Image.new("L", (560, 560))
    outline = [(140, 120), (420, 120), (520, 220), (440, 260), (440, 500), (120, 500), (120, 260), (40, 220)]
    ImageDraw.Draw(subject).polygon(outline, 255)
    wanted = np.asarray(subject) > 127
    noise = np.random.default_rng(1).normal(0, 1.2, (560, 560, 3))
    levels = np.where(wanted, ink, ground)[..., None] + noise
    data = pictures.encode(Image.fromarray(np.rint(levels.clip(0, 255)).astype(np.uint8)))
    cutout = removed(compact, data, Options())
    found = pictures.pixels(cutout.file.data)[..., 3] > 127
    assert cutout.uncertainty >= 0.35 or iou(found, wanted) >= 0.9
