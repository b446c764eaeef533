"""From a cut-out to the file of a composition, and what else a caller is told of it."""

from functools import partial

from PIL import Image

from services.worker import pictures
from services.worker.composition import canvas, files, layout, shadows, subjects, windows
from services.worker.composition.layout import Reach, Size
from services.worker.composition.shadows import Cast
from services.worker.failures import Failed
from shared import images
from shared.image_format.structure import Density
from shared.images import rendering
from shared.models import composition
from shared.models.composition import FULL_PIXELS, MAX_PNG_PIXELS, Channels, Composition, Format, Shadow, Subject
from shared.models.cutout import Composed, Foreground, Method
from shared.models.job import JobFailure


def compose(
    cutout: Image.Image,
    asked: Composition,
    density: Density | None = None,
    background: bytes | None = None,
    method: Method | None = None,
) -> tuple[images.Copy, Composed]:
    """Uses `cutout` (RGBA), made by this method, up.

    `density` is the source's, `background` a picture's file with its orientation.

    Raises Failed where the region of interest has no subject.
    """
    subject = _subject(cutout, asked)
    shown = subjects.told(asked.type, cutout, method)
    if shown is Subject.CAR and not asked.semitransparency:
        windows.close(cutout)
    cast = _cast(cutout, subject, asked, shown)
    whole = layout.plan(cutout.size, subject, asked, _reach(cast, subject, cutout.size))
    most = _most_pixels(asked, background)
    drawn = whole.limited(min(asked.max_pixels, most))
    composed = Composed(shown, subject, *whole.limited(min(max(FULL_PIXELS, asked.max_pixels), most)).canvas)
    with pictures.large(*drawn.canvas):  # margins and shadows may make it larger than its picture
        picture = canvas.draw(cutout, drawn)
        if asked.channels is Channels.ALPHA:
            return files.matte(picture.getchannel("A"), density), composed
        if cast:
            canvas.put_shadow(picture, cast, drawn.subject)
        return files.written(_on_ground(picture, asked, background), asked.format, density), composed


def _subject(cutout: Image.Image, asked: Composition) -> Foreground:
    """The box of what is visible in the region of interest; all else becomes background."""
    if asked.roi:
        canvas.keep_only(cutout, composition.region(asked.roi, *cutout.size))
    box = images.ink_box(cutout.getchannel("A"))
    if box is None:
        raise Failed(JobFailure.UNKNOWN_FOREGROUND, "No subject was found in the region of interest.")
    left, top, right, bottom = box
    return Foreground(top, left, right - left, bottom - top)


def _cast(cutout: Image.Image, subject: Foreground, asked: Composition, shown: Subject) -> Cast | None:
    kind = asked.shadow_of(shown)
    if kind is Shadow.NONE or asked.channels is Channels.ALPHA:
        return None
    right, bottom = subject.left + subject.width, subject.top + subject.height
    outline = cutout.crop((subject.left, subject.top, right, bottom)).getchannel("A")
    return shadows.cast(kind, outline, asked.opacity_of(shown), grounded=bottom < cutout.height)


def _reach(cast: Cast | None, subject: Foreground, size: Size) -> Reach:
    """Of the shadow beyond the subject, but not on a side where the picture cuts the subject off."""
    if cast is None:
        return Reach()
    reach = cast.reach((subject.width, subject.height))
    return Reach(
        reach.top if subject.top else 0,
        reach.right if subject.left + subject.width < size[0] else 0,
        reach.bottom if subject.top + subject.height < size[1] else 0,
        reach.left if subject.left else 0,
    )


def _most_pixels(asked: Composition, background: bytes | None) -> int:
    """PNG has a limit of its own; AUTO is a PNG unless a background surely leaves nothing transparent."""
    opaque = (asked.bg_color or (0,))[-1] == 255 or (background and not images.inspect(background).alpha)
    png = asked.format is Format.PNG or (asked.format is Format.AUTO and not opaque)
    return MAX_PNG_PIXELS if png or asked.channels is Channels.ALPHA else images.MAX_PIXELS


def _on_ground(picture: Image.Image, asked: Composition, background: bytes | None) -> Image.Image:
    """RGB if nothing is transparent."""
    ground = partial(images.sized, background, images.inspect(background)) if background else None
    if ground or (asked.bg_color and asked.bg_color[3]):
        rendering.fill(picture, asked.bg_color or (0, 0, 0, 0), ground)
    return picture.convert("RGB") if rendering.is_opaque(picture) else picture
