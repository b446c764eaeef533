"""The tote bag of heavy canvas, laid flat: 38 x 42 cm at 1.68 pixels a millimetre."""

import numpy as np

from services.worker.mockups.garments.cloth import Sheet, settle
from services.worker.mockups.garments.drawing import Drawing, blur, on_table, ramp, rounded, smooth
from services.worker.mockups.garments.shapes import (
    XX,
    YY,
    Map,
    Points,
    area,
    band,
    curve,
    join,
    line,
    moved,
    stitches,
    union,
)

_TOP = curve((284, 402), (440, 408), (600, 405), (760, 408), (916, 400))
_RIGHT = curve((916, 400), (910, 640), (930, 880), (922, 1086))
_BOTTOM = join(curve((922, 1086), (922, 1110), (898, 1112)), curve((898, 1112), (760, 1118), (440, 1114), (304, 1114)))
_LEFT = join(curve((304, 1114), (278, 1112), (278, 1088)), curve((278, 1088), (270, 880), (292, 640), (284, 402)))
_ARCH = curve((446, 400), (446, 90), (500, 38), (600, 38), (700, 38), (754, 90), (754, 400), steps=200)
_STRAP = join((446, 472), (446, 436), _ARCH, (754, 436), (754, 472))
_REAR = curve((464, 408), (462, 130), (530, 84), (612, 84), (700, 84), (742, 130), (738, 408), steps=200)
_WIDTH = 42.0


def front() -> Drawing:
    bag = area(join(_TOP, _RIGHT, _BOTTOM, _LEFT))
    strap, rear = band(_STRAP, _WIDTH), band(_REAR, _WIDTH)
    folds = _folds(bag)
    height = (folds * ramp(blur(bag, 6), 0.5, 0.95) + rounded(bag, 12, 12)) * bag
    height = np.maximum(height, 6 * rounded(rear, 6, 1))
    hem, thread = moved(_TOP, 0, 44), _thread()
    height = height + 2.5 * blur(area(join(_TOP, hem[::-1])), 2) * bag + strap * (6 * rounded(strap, 6, 1) + 5)
    height = height - 1.6 * blur(thread, 1.2) - 2.5 * blur(line(hem, 2) * (1 - strap), 1.6)
    cover = union([bag, strap, rear])
    light = on_table(height, cover) * (1 - 0.09 * thread)
    return Drawing(cover, light, folds, above=union([strap, rear * (1 - bag)]))


def _folds(bag: Map) -> Map:
    """Canvas is stiff: it breaks into a few long folds from the straps' roots and the lower corners."""
    random = np.random.default_rng(21)
    middle = np.exp(-(((XX - 600) / 200) ** 2) - ((YY - 770) / 200) ** 2)
    slack = 1 - 0.25 * middle
    cut_x = smooth(random, 130, 8) * slack
    cut_y = smooth(random, 130, 8) * slack
    for x in (446, 754):
        root = np.exp(-(((XX - x) / 70) ** 2) - ((YY - 440) / 120) ** 2)
        cut_y, cut_x = cut_y - 14 * root, cut_x + 0.05 * (XX - x) * root
    ground = np.maximum(34 * middle + smooth(random, 110, 5), 0)
    return settle(Sheet(bag, cut_x, cut_y, ground=ground, bend=1.0, gravity=0.005, hold=0.015, seed=2))


def _thread() -> Map:
    rows = [stitches(moved(_TOP, 0, y), 1.7, 8, 4) for y in (37, 41)]
    return union([*rows, *(stitches(_crossed(x, 410, 32, 56), 1.7, 8, 4) for x in (446, 754))])


def _crossed(x: float, y: float, width: float, height: float) -> Points:
    """The box with a cross that holds a strap."""
    left, right, low = x - width / 2, x + width / 2, y + height
    corners = [(left, y), (right, y), (right, low), (left, low), (left, y), (right, low), (right, y), (left, low)]
    return np.array(corners, float)
