"""Small pictures for tests, each different from the next one that is asked for differently."""

import io

from PIL import Image, PngImagePlugin

MARKER = b"SECRET-WORDS"  # in the metadata of `marked_jpeg` and `marked_png`


def drawn(width: int = 40, height: int = 30, shade: int = 0) -> Image.Image:
    """A gradient, so that no row is like another."""
    slope = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (slope, slope.transpose(Image.Transpose.ROTATE_180), slope.point(lambda _: shade)))


def jpeg(width: int = 40, height: int = 30, shade: int = 0) -> bytes:
    return encoded(drawn(width, height, shade), "JPEG")


def png(width: int = 40, height: int = 30, shade: int = 0) -> bytes:
    return encoded(drawn(width, height, shade), "PNG")


def marked_jpeg(orientation: int = 1) -> bytes:
    """With a comment and EXIF that tell who took it."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, MARKER.decode()
    return encoded(drawn(), "JPEG", exif=exif, comment=MARKER)


def marked_png() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", MARKER.decode())
    return encoded(drawn(), "PNG", pnginfo=text)


def animated(kind: str = "PNG") -> bytes:
    return encoded(drawn(), kind, save_all=True, append_images=[drawn(shade=200)])


def cutout(width: int = 40, height: int = 30) -> bytes:
    """An opaque middle in clear surroundings, as a provider would answer."""
    alpha = Image.new("L", (width, height), 0)
    alpha.paste(255, (width // 4, height // 4, width // 2, height // 2))
    picture = drawn(width, height)
    picture.putalpha(alpha)
    return encoded(picture, "PNG")


def clear(width: int = 40, height: int = 30) -> bytes:
    """Without any ink."""
    return encoded(Image.new("RGBA", (width, height)), "PNG")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
