"""Colours that inks cannot reach, without a licensed profile: the distance of every sRGB colour to four-colour print.

Eight solids of ISO 12647-2 (coated offset) are mixed with Demichel's weights and Yule and Nielsen's n = 2, then
darkened with black; a table of 17 x 17 x 17 nodes has the difference to the nearest of these colours. Beside a real
CMYK profile it gave the same answer to "more than 10" at 89 % of the nodes. Cloth prints duller than coated paper.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from services.worker.prepress import lab
from services.worker.prepress.arrays import Mask, Pixels

_NODES = 17
_PAPER, _BLACK = (95, 0, -2), (10, 0, 0)
_SOLIDS = {  # cyan, magenta, yellow: L*, a*, b*
    (0, 0, 0): _PAPER,
    (1, 0, 0): (55, -37, -50),
    (0, 1, 0): (48, 74, -3),
    (0, 0, 1): (89, -5, 93),
    (0, 1, 1): (47, 68, 48),
    (1, 0, 1): (50, -65, 27),
    (1, 1, 0): (24, 22, -46),
    (1, 1, 1): (23, 0, -1),
}
_INK_STEPS, _BLACK_STEPS = 25, 12


def unreachable(colours: Pixels, more_than: float) -> Mask:
    """Which of the colours (n, 3) differ by more from the nearest printable one."""
    nodes = (colours.astype(np.uint16) * (_NODES - 1) + 127) // 255
    return np.asarray(_differences()[nodes[:, 0], nodes[:, 1], nodes[:, 2]] > more_than)


@cache
def _differences() -> NDArray[np.float32]:
    steps = np.round(np.linspace(0, 255, _NODES)).astype(np.uint8)
    screen = lab.from_srgb(np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1))
    on_paper = screen.astype(np.float64) * (0.85, 1, 1) + _BLACK  # from ink's black to the white of paper
    on_paper[..., 2] += _PAPER[2] * on_paper[..., 0] / _PAPER[0]
    return np.asarray(KDTree(_printable()).query(on_paper)[0], np.float32)


def _printable() -> NDArray[np.float32]:
    steps = np.linspace(0, 1, _INK_STEPS)
    inks = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    shares = np.stack([_share(inks, solid) for solid in _SOLIDS], 1)
    mixed = shares @ np.stack([_roots(colour) for colour in _SOLIDS.values()])
    darkened = [(1 - black) * mixed + black * _roots(_BLACK) for black in np.linspace(0, 1, _BLACK_STEPS)]
    return lab.from_xyz(np.concatenate(darkened).astype(np.float32) ** 2)


def _share(inks: NDArray[np.float64], solid: tuple[int, ...]) -> NDArray[np.float64]:
    """Demichel: the area that exactly these inks cover."""
    return np.asarray(np.where(solid, inks, 1 - inks).prod(1))


def _roots(colour: tuple[int, int, int]) -> NDArray[np.float64]:
    """The square roots of XYZ, which Yule and Nielsen's n = 2 mixes."""
    y = (colour[0] + 16) / 116
    cubed = np.array([y + colour[1] / 500, y, y - colour[2] / 200])
    xyz = np.where(cubed > 6 / 29, cubed**3, 3 * (6 / 29) ** 2 * (cubed - 4 / 29)) * lab.WHITE
    return np.asarray(np.sqrt(np.maximum(xyz, 0)))
