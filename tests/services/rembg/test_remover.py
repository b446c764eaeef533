"""What comes out of the remover, on pictures drawn so that the right answer is known."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.rembg import inference, remover
from services.rembg.blank import is_blank
from services.rembg.inference import Network
from services.rembg.options import Options
from services.rembg.remover import Cutout
from services.rembg.weights import CATALOGUE, Name, Weights
from shared import images
from shared.errors import UnknownForeground, UnreadableImage
from shared.images import srgb
from shared.models.cutout import Method
from shared.settings import Invalid
from tests.services.rembg import pictures
from tests.services.rembg.pictures import BOX, SIZE

BY_NETWORK = Options(method=Method.NETWORK)  # what is drawn here is flat enough for colour alone


def removed(network: Network, data: bytes, asked: Options = BY_NETWORK) -> Cutout:
    return remover.remove(network, data, images.inspect(data), asked)


def test_the_subject_is_opaque_and_the_ground_is_clear(compact: Network) -> None:
    alpha = pictures.pixels(removed(compact, pictures.encode(pictures.shirt())).file.data)[..., 3]
    left, top, right, bottom = BOX
    inside = alpha[top + 20 : bottom - 20, left + 20 : right - 20]
    assert inside.min() > 128
    assert inside.mean() > 245
    outside = np.ones(alpha.shape, bool)
    outside[top - 20 : bottom + 20, left - 20 : right + 20] = False
    assert alpha[outside].max() < 20


def edge_of(cutout: np.ndarray) -> np.ndarray:
    edge: np.ndarray = (cutout[..., 3] > 25) & (cutout[..., 3] < 230)
    assert edge.sum() > 100
    return edge


def ground_in(colours: np.ndarray) -> float:
    """How far the colours are, on average, on the way from the subject's to the ground's."""
    way = np.subtract(pictures.GROUND, pictures.SUBJECT)
    return float(((colours - pictures.SUBJECT) @ way / (way @ way)).mean())


def test_colours_at_the_rim_are_freed_of_the_ground(compact: Network) -> None:
    photo = pictures.shirt()
    cutout = pictures.pixels(removed(compact, pictures.encode(photo)).file.data)
    edge = edge_of(cutout)
    assert ground_in(np.asarray(photo)[edge]) > 0.5
    assert ground_in(cutout[edge, :3]) < 0.12  # from where on a print check warns


def test_colours_at_the_rim_are_those_of_the_photo_where_that_is_asked_for(compact: Network) -> None:
    photo = pictures.shirt()
    data = pictures.encode(photo)
    asked = Options(method=Method.NETWORK, decontaminate=False)
    cutout = pictures.pixels(removed(compact, data, asked).file.data)
    edge = edge_of(cutout)
    assert np.array_equal(cutout[edge, :3], np.asarray(photo)[edge])


def test_the_inside_is_opaque_and_the_ground_is_quite_clear(compact: Network) -> None:
    cutout = pictures.pixels(removed(compact, pictures.encode(pictures.shirt())).file.data)
    left, top, right, bottom = BOX
    inside, outside = cutout[top + 20 : bottom - 20, left + 20 : right - 20], cutout.copy()
    outside[top - 20 : bottom + 20, left - 20 : right + 20] = 0
    assert (inside[..., 3] == 255).mean() > 0.99
    assert not outside[..., 3].any()


@pytest.mark.parametrize("size", [SIZE, (2400, 1800)])
def test_no_visible_pixel_has_lost_its_colour(compact: Network, size: tuple[int, int]) -> None:
    light = pictures.shirt(size).point([128 + level // 2 for level in range(256)] * 3)  # black is no colour of it
    cutout = pictures.pixels(removed(compact, pictures.encode(light)).file.data)
    assert cutout[cutout[..., 3] > 0, :3].min() > 64


def test_the_cutout_is_as_large_as_the_picture_and_says_where_its_subject_is(compact: Network) -> None:
    cutout = removed(compact, pictures.encode(pictures.shirt()))
    assert (cutout.file.width, cutout.file.height) == SIZE == pictures.pixels(cutout.file.data).shape[1::-1]
    box = cutout.foreground
    found = (box.left, box.top, box.left + box.width, box.top + box.height)
    assert found == pytest.approx(BOX, abs=20)
    assert 0 < cutout.uncertainty < 0.2
    assert cutout.method is Method.NETWORK


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(compact: Network, orientation: int) -> None:
    upright = pictures.shirt()
    held = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that EXIF's orientation undoes
    lying = upright.transpose(Image.Transpose(held[orientation])) if orientation in held else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    cutout = removed(compact, pictures.encode(lying, "JPEG", quality=95, exif=exif))
    shown = pictures.pixels(cutout.file.data)
    solid = shown[..., 3] > 250
    assert (cutout.file.width, cutout.file.height) == SIZE
    assert solid.mean() > 0.15
    assert np.abs(shown[..., :3] - np.asarray(upright).astype(int))[solid].mean() < 4  # JPEG's own loss


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize(
    "blank",
    [
        pictures.plain((0, 0, 0)),
        pictures.plain((255, 255, 255)),
        pictures.plain((0, 200, 0)),
        pictures.noise(128, 1),
    ],
    ids=["black", "white", "green", "nearly grey"],
)
def test_a_blank_picture_has_no_foreground(compact: Network, blank: Image.Image, method: Method) -> None:
    with pytest.raises(UnknownForeground):
        removed(compact, pictures.encode(blank, "JPEG"), Options(method=method))


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("quality", [20, 50, 80])
@pytest.mark.parametrize("colour", [(0, 200, 0), (10, 140, 60), (255, 0, 0)], ids=["green", "dark green", "red"])
def test_what_webp_makes_of_one_colour_is_blank(
    compact: Network, colour: tuple[int, int, int], quality: int, method: Method
) -> None:
    with pytest.raises(UnknownForeground):
        removed(compact, pictures.encode(pictures.plain(colour), "WEBP", quality=quality), Options(method=method))


def test_a_dot_and_a_faint_subject_are_not_blank() -> None:
    dot, faint = pictures.plain((236, 238, 240)), pictures.plain((236, 238, 240))
    dot.paste((190, 40, 44), (200, 150, 206, 156))
    faint.paste((230, 232, 234), pictures.BOX)
    for picture in (dot, faint):
        assert not is_blank(np.asarray(picture))


@pytest.mark.parametrize("empty", [pictures.noise(128, 40), pictures.noise(250, 4)], ids=["noise", "bright noise"])
def test_a_picture_the_network_sees_nothing_in_has_no_foreground(u2netp: Network, empty: Image.Image) -> None:
    with pytest.raises(UnknownForeground):
        removed(u2netp, pictures.encode(empty))


def test_a_wholly_transparent_picture_has_no_foreground(compact: Network) -> None:
    clear = pictures.shirt().convert("RGBA")
    clear.putalpha(0)
    with pytest.raises(UnknownForeground):
        removed(compact, pictures.encode(clear))


@pytest.mark.parametrize(
    ("mode", "kind"), [("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("CMYK", "JPEG"), ("RGB", "WEBP")]
)
def test_every_kind_of_picture_is_cut_out(compact: Network, mode: str, kind: str) -> None:
    grey = pictures.shirt().convert("L")
    wide = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    picture = wide if mode == "I;16" else pictures.shirt().convert(mode)
    plain = grey if mode == "I;16" else picture
    cutout = removed(compact, pictures.encode(picture, kind))
    shown = pictures.pixels(cutout.file.data)
    assert cutout.method is Method.NETWORK
    solid = shown[..., 3] > 250
    assert 0.2 < solid.mean() < 0.5
    wanted = np.asarray(srgb.converted(picture, b"") if mode == "CMYK" else plain.convert("RGB")).astype(int)
    assert np.abs(shown[..., :3] - wanted)[solid].mean() < 6  # CMYK and WebP lose some


def test_a_damaged_picture_is_unreadable(compact: Network) -> None:
    damaged = bytearray(pictures.encode(pictures.shirt()))
    damaged[len(damaged) // 2] ^= 0xFF
    with pytest.raises(UnreadableImage):
        removed(compact, bytes(damaged))


def test_a_dark_picture_is_brought_to_full_brightness_before_the_network_sees_it() -> None:
    preparation = CATALOGUE[Name.U2NET].preparation
    batch = inference.prepare(np.array([[[0, 20, 40]]], np.uint8), preparation)
    assert batch.shape == (1, 3, 1, 1)
    assert batch.ravel() == pytest.approx([(0 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (1 - 0.406) / 0.225])


def test_a_file_that_is_no_network_cannot_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "u2net.onnx"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(Invalid, match=r"u2net\.onnx is not a network"):
        Network(Weights(Name.U2NET, path, "", CATALOGUE[Name.U2NET].preparation), threads=1)


def test_a_picture_that_came_first_takes_the_place_of_the_warm_up(compact: Network) -> None:
    fresh = Network(compact.weights, threads=1)
    with ThreadPoolExecutor(1) as pool:
        removed(fresh, pictures.encode(pictures.shirt()))
        with pytest.raises(Exception, match="terminate"):  # an inference of nothing has given way
            fresh._infer(fresh._zeros(), alone=True, options=fresh._warming)
        pool.submit(fresh.warm_up).result(5)


def test_several_threads_make_what_one_makes(u2netp: Network) -> None:
    data = pictures.encode(pictures.shirt((1800, 1350)), "JPEG", quality=90)
    shared = removed(u2netp, data)  # u2netp has two threads, so the picture is divided
    single = remover.remove(u2netp, data, images.inspect(data), BY_NETWORK, alone=False)
    assert np.array_equal(pictures.pixels(shared.file.data), pictures.pixels(single.file.data))
