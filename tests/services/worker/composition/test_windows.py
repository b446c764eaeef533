"""Windows: soft pixels within a subject can be closed, its soft edge stays."""

import numpy as np
from PIL import Image, ImageFilter

from services.worker.composition import windows


def car() -> Image.Image:
    """A soft-edged block with a window of 40 % and a hole."""
    alpha = Image.new("L", (600, 300))
    alpha.paste(255, (100, 50, 500, 250))
    alpha = alpha.filter(ImageFilter.GaussianBlur(1))
    alpha.paste(102, (250, 100, 350, 160))
    alpha.paste(0, (130, 180, 170, 220))
    picture = Image.new("RGBA", alpha.size, (90, 120, 200, 255))
    picture.putalpha(alpha)
    return picture


def test_a_window_becomes_part_of_the_car() -> None:
    picture = car()
    windows.close(picture)
    assert picture.getpixel((300, 130)) == (90, 120, 200, 255)


def test_edges_and_holes_stay() -> None:
    before, picture = np.asarray(car().getchannel("A")), car()
    windows.close(picture)
    after = np.asarray(picture.getchannel("A"))
    kept = np.ones(after.shape, bool)
    kept[99:161, 249:351] = False
    assert np.array_equal(after[kept], before[kept])
