"""A design as the renderer takes it: cut to its ink, premultiplied, and no larger than a mock-up can show."""

from PIL import Image

MOST = 800  # pixels a side: a quarter more than what the largest print area shows
_VISIBLE = 8  # alpha under this is no ink, as in the print check


def prepared(picture: Image.Image) -> Image.Image | None:
    """Prepare an RGBA picture (24 megapixels take 0.1 s) for any number of mock-ups; None if it has no ink."""
    ink = cropped(picture)
    return ink and premultiplied(ink)


def cropped(picture: Image.Image) -> Image.Image | None:
    """An RGBA picture cut to its ink; None if it has none."""
    box = picture.getchannel("A").point([255 * (alpha >= _VISIBLE) for alpha in range(256)]).getbbox()
    return picture.crop(box) if box else None


def premultiplied(ink: Image.Image) -> Image.Image:
    """The same as RGBa, no larger than a mock-up can show."""
    design = ink.convert("RGBa")
    design.thumbnail((MOST, MOST), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return design


def shrunk(ink: Image.Image, pixels: tuple[float, float]) -> Image.Image:
    """The ink at the size in which it is printed, not enlarged: warping samples, it does not average."""
    width, height = (max(1, min(have, round(1.15 * need))) for have, need in zip(ink.size, pixels, strict=True))
    return ink if (width, height) == ink.size else ink.resize((width, height), Image.Resampling.HAMMING)
