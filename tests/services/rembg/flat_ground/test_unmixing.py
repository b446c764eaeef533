"""Edges are un-mixed, whatever the alpha in them."""

import numpy as np

from services.rembg.flat_ground import unmixing
from services.rembg.flat_ground.ground import Ground
from services.rembg.flat_ground.palette import Palette
from tests.services.rembg.flat_ground.scenes import BLACK, BLUE, RED, WHITE, composed


def known(*inks: tuple[int, int, int]) -> tuple[Ground, Palette]:
    terms = np.zeros((6, 3))
    terms[0] = WHITE
    return Ground(terms, 0.0), Palette(np.array(inks, np.float32), 6.0, 0.0, 24.0)


def test_every_level_of_alpha_comes_back() -> None:
    alpha = np.full((512, 40), 255, np.uint8)
    alpha[:, :19] = 0
    alpha[:, 19] = np.repeat(np.arange(256), 2)  # a column of edge pixels between clear and opaque
    colours, found = unmixing.cut(composed(alpha, BLUE, WHITE), *known(BLUE))
    assert np.abs(found.astype(int) - alpha).max() <= 5
    assert np.abs(colours[found > 0].astype(int) - BLUE).max() <= 5  # what lies within the ink's tolerance stays


def test_an_edge_takes_the_ink_it_belongs_to() -> None:
    alpha = np.zeros((40, 60), np.uint8)
    alpha[10:30, 10:50] = 255
    alpha[9, 10:50] = 128
    ink = np.broadcast_to(np.array(RED), (40, 60, 3)).copy()
    ink[:, 30:] = BLUE
    colours, found = unmixing.cut(composed(alpha, ink, WHITE), *known(RED, BLUE, BLACK))
    assert np.abs(found[9, 10:50].astype(int) - 128).max() <= 1
    assert colours[9, 20].tolist() == list(RED)
    assert colours[9, 40].tolist() == list(BLUE)


def test_a_hair_line_of_a_known_ink_is_half_transparent() -> None:
    alpha = np.zeros((40, 60), np.uint8)
    alpha[20, 5:55] = 102
    colours, found = unmixing.cut(composed(alpha, BLACK, WHITE), *known(BLACK))
    assert np.abs(found[20, 10:50].astype(int) - 102).max() <= 2
    assert colours[20, 30].tolist() == list(BLACK)
