"""Designs are cut to their ink and made small enough."""

import numpy as np
from PIL import Image

from services.worker.mockups.design import MOST, prepared, shrunk


def test_a_design_is_cut_to_its_ink() -> None:
    picture = Image.new("RGBA", (300, 200))
    picture.paste((255, 0, 0, 255), (40, 50, 90, 80))
    design = prepared(picture)
    assert design is not None
    assert (design.size, design.mode) == ((50, 30), "RGBa")


def test_faint_pixels_are_no_ink() -> None:
    assert prepared(Image.new("RGBA", (30, 30), (255, 0, 0, 7))) is None
    assert prepared(Image.new("RGBA", (1, 1), (255, 0, 0, 8))) is not None


def test_a_large_design_is_reduced_in_its_proportions() -> None:
    design = prepared(Image.new("RGBA", (3000, 1500), (9, 9, 9, 255)))
    assert design is not None
    assert design.size == (MOST, MOST // 2)


def test_hidden_colours_do_not_bleed_into_the_rim() -> None:
    pixels = np.zeros((400, 400, 4), np.uint8)
    pixels[..., :2] = 255  # clear yellow round opaque white
    pixels[100:300, 100:300] = 255
    design = prepared(Image.fromarray(pixels))
    assert design is not None
    visible = np.asarray(shrunk(design, (31, 31)).convert("RGBA"))
    assert (visible[visible[..., 3] > 0][:, :3] >= 250).all()


def test_a_design_is_never_enlarged() -> None:
    design = prepared(Image.new("RGBA", (20, 10), (9, 9, 9, 255)))
    assert design is not None
    assert shrunk(design, (500, 500)).size == (20, 10)
    assert shrunk(design, (0.01, 0.01)).size == (1, 1)
