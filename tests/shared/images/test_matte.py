"""The ink of a picture: the box around what a printer would lay, upright, whatever the format."""

from dataclasses import replace

import pytest
from PIL import Image

from shared import errors, images
from tests.hostile import build


def _on_clear(box: tuple[int, int, int, int], alpha: int = 255, kind: str = "PNG") -> bytes:
    picture = Image.new("RGBA", (60, 40), (200, 30, 30, 7))  # less than a printer lays
    picture.paste((10, 200, 30, alpha), box)
    return build.encoded(picture, kind, **({"lossless": True} if kind == "WEBP" else {}))


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (_on_clear((10, 5, 31, 17)), (21, 12)),
        (_on_clear((10, 5, 31, 17), alpha=8), (21, 12)),
        (_on_clear((10, 5, 31, 17), kind="WEBP"), (21, 12)),
        (_on_clear((0, 0, 60, 40)), (60, 40)),
        (build.encoded(Image.new("RGB", (60, 40)), "JPEG"), (60, 40)),
        (build.encoded(Image.new("RGB", (60, 40)), "PNG"), (60, 40)),
    ],
)
def test_the_ink_of_a_picture_is_measured(data: bytes, size: tuple[int, int]) -> None:
    assert images.ink_size(data, images.inspect(data)) == size


def test_the_ink_is_measured_upright() -> None:
    data = _on_clear((10, 5, 31, 17))
    upright = replace(images.inspect(data), width=40, height=60, orientation=6)
    assert images.ink_size(data, upright) == (12, 21)


def test_a_picture_without_ink_and_a_webp_too_large_are_refused() -> None:
    clear = _on_clear((0, 0, 60, 40), alpha=7)
    with pytest.raises(errors.NoInk):
        images.ink_size(clear, images.inspect(clear))
    large = replace(images.inspect(_on_clear((1, 1, 9, 9), kind="WEBP")), width=5000, height=4000)
    with pytest.raises(errors.TooComplex):
        images.ink_size(b"", large)
