"""The canvas: the subject resized premultiplied, and what comes under it, strip by strip."""

from collections.abc import Iterator

from PIL import Image

from services.worker.composition.layout import Layout
from services.worker.composition.shadows import Cast
from shared.images.thumbnails import fitted
from shared.models.composition import Area

_ROWS = 256  # of a strip: 16 MB of the widest picture
_LANCZOS = 3  # pixels of the result that the filter reaches, to each side
_CLEAR = (0, 0, 0, 0)
_SPREAD = 512  # pixels of the longer side on which colours are spread
_SEEN = [255 * (level >= 16) for level in range(256)]  # below that, 8 bits hardly hold a colour
_FIT = 4  # a strip is first halved, quickly, as long as it stays so many times as large as its result


def draw(cutout: Image.Image, layout: Layout) -> Image.Image:
    """The subject on a clear canvas, RGBA: `cutout` itself where nothing moves, or else its memory is freed."""
    if layout.place == layout.part == (0, 0, *layout.canvas) and cutout.size == layout.canvas:
        return cutout
    canvas = Image.new("RGBA", layout.canvas, _CLEAR)
    _paste(cutout, layout.part, canvas, layout.place)
    cutout.close()
    return canvas


def put_shadow(picture: Image.Image, cast: Cast, subject: Area) -> None:
    """Lay the shadow of the subject in this box under the picture, in place."""
    left, top, right, bottom = cast.outline
    across, down = (right - left) / (subject[2] - subject[0]), (bottom - top) / (subject[3] - subject[1])
    for strip in _strips(picture.size):
        box = (
            left - subject[0] * across,
            top + (strip[1] - subject[1]) * down,
            left + (strip[2] - subject[0]) * across,
            top + (strip[3] - subject[1]) * down,
        )
        darkness = cast.darkness.transform(
            (strip[2], strip[3] - strip[1]), Image.Transform.EXTENT, box, Image.Resampling.BICUBIC
        )
        behind = Image.new("RGBA", darkness.size, _CLEAR)
        behind.putalpha(darkness)
        behind.alpha_composite(picture.crop(strip))
        picture.paste(behind, strip)


def keep_only(cutout: Image.Image, region: Area) -> None:
    """Make all but the region background, in place."""
    kept = cutout.crop(region)
    cutout.paste(_CLEAR, (0, 0, *cutout.size))
    cutout.paste(kept, region)


def _strips(size: tuple[int, int]) -> Iterator[Area]:
    for top in range(0, size[1], _ROWS):
        yield 0, top, size[0], min(size[1], top + _ROWS)


def _paste(cutout: Image.Image, part: Area, canvas: Image.Image, place: Area) -> None:
    """Draw a part of the cut-out into a place. Pillow multiplies colours with alpha, of the rows that a strip needs."""
    left, top, right, bottom = part
    width, height = place[2] - place[0], place[3] - place[1]
    if (right - left, bottom - top) == (width, height):
        canvas.paste(cutout.crop(part), place)
        return
    step = (bottom - top) / height
    room = int(_LANCZOS * max(1, step)) + 2
    for strip in _strips((width, height)):
        above, below = strip[1] * step, min(bottom - top, strip[3] * step)
        first, last = max(0, int(above) - room), min(bottom - top, int(below) + room)
        rows = cutout.crop((left, top + first, right, top + last))
        size, box = (width, strip[3] - strip[1]), (0, above - first, right - left, below - first)
        canvas.paste(rows.resize(size, Image.Resampling.LANCZOS, box, _FIT), (place[0], place[1] + strip[1]))


def spread(picture: Image.Image) -> None:
    """Give clear pixels the colours of the visible ones near them, in place."""
    levels = [_known(picture.resize(fitted(picture.size, (_SPREAD, _SPREAD)), Image.Resampling.BOX))]
    while max(levels[-1].size) > 1:
        levels.append(_known(levels[-1].reduce(2)))
    colours = levels.pop()
    while levels:
        finer = levels.pop()
        colours = colours.resize(finer.size, Image.Resampling.BILINEAR)
        colours.paste(finer, mask=finer.getchannel("A"))
    for strip in _strips(picture.size):
        _fill_clear(picture, colours, strip)


def _fill_clear(picture: Image.Image, colours: Image.Image, strip: Area) -> None:
    down = colours.height / picture.height
    box = (0, strip[1] * down, colours.width, min(colours.height, strip[3] * down))
    under = colours.resize((picture.width, strip[3] - strip[1]), Image.Resampling.BILINEAR, box)
    rows = picture.crop(strip)
    under.paste(rows, mask=rows.getchannel("A").point(_SEEN))
    picture.paste(under, strip)


def _known(picture: Image.Image) -> Image.Image:
    """With full weight wherever anything is visible, so that small parts last through the reductions."""
    picture.putalpha(picture.getchannel("A").point(_SEEN))
    return picture
