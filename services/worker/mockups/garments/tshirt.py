"""The T-shirt, front and back, laid flat: 53 cm across the chest at 1.07 pixels a millimetre."""

import numpy as np

from services.worker.mockups.garments.cloth import Sheet, settle
from services.worker.mockups.garments.drawing import Drawing, blur, on_table, ramp, rounded, smooth, turned
from services.worker.mockups.garments.shapes import (
    XX,
    YY,
    Map,
    Points,
    area,
    both,
    curve,
    halves,
    join,
    line,
    mirrored,
    moved,
    offset,
    stitches,
    union,
)

_NECK = (470, 122)
_SHOULDER = curve(_NECK, (424, 136), (372, 150), (330, 164))
_SLEEVE = curve((330, 164), (262, 190), (222, 262), (190, 340), (140, 470))
_CUFF = curve((140, 470), (178, 498), (236, 520), (286, 528))
_UNDERARM = curve((286, 528), (302, 486), (318, 446), (330, 418))
_FLANK = curve((330, 418), (338, 560), (328, 760), (326, 900), (322, 1092))
_HEM = curve((322, 1092), (420, 1112), (520, 1117), (600, 1117))
_ARMHOLE = curve((330, 164), (356, 246), (354, 340), (330, 418))
_FRONT_NECK = curve(_NECK, (490, 196), (548, 222), (600, 222))
_BACK_NECK = curve(_NECK, (512, 140), (556, 144), (600, 144))
_BACK_TOP = curve(_NECK, (500, 112), (548, 104), (600, 104))
_RIB = 25.0


def front() -> Drawing:
    return _drawn(_FRONT_NECK, _folds(_shape(_FRONT_NECK), 44, 120, 9), back=False)


def back() -> Drawing:
    return _drawn(_BACK_NECK, _folds(_shape(_BACK_NECK), 31, 70, 5), back=True)


def _shape(neck: Points) -> Map:
    return area(both(neck[::-1], _SHOULDER, _SLEEVE, _CUFF, _UNDERARM, _FLANK, _HEM))


def _drawn(neck: Points, folds: Map, *, back: bool) -> Drawing:
    shape = _shape(neck)
    body = folds * ramp(blur(shape, 5), 0.5, 0.95) + rounded(shape, 9, 8)
    opening = area(both(moved(neck, 0, 4)[::-1], _BACK_TOP)) * (1 - shape)
    cover = np.minimum(shape + opening, 1)
    height, dark = _sewn(body * shape, neck, cover)
    height = height + opening * (3 + 3 * rounded(opening, 14, 1))
    light = on_table(height, cover) * (1 - dark)
    light = light * (1 - 0.42 * opening * ramp(blur(opening, 9), 0.3, 1.0))
    words = [join((600 - wide, y), (600 + wide, y)) for wide, y in ((7, 128), (17, 138), (14, 145), (17, 152))]
    tag = union([line(p, 4.0 if p[0, 1] == 128 else 2.2) for p in words]) * opening
    return Drawing(cover, light, folds, fixed=[] if back else [(tag, (150, 150, 150))])


def _folds(shape: Map, seed: int, grain: float, amount: float) -> Map:
    """Slack below the chest and sleeves turned down from their cut pull folds to the armpits."""
    random = np.random.default_rng(seed)
    chest = np.exp(-(((XX - 600) / 190) ** 2) - ((YY - 440) / 230) ** 2)
    slack = (0.45 + 0.9 * ramp(YY, 430, 1000)) * (1 - 0.55 * chest)
    cut_x = smooth(random, grain, amount) * slack
    cut_y = (YY - 200) * 0.004 + smooth(random, grain, amount) * slack
    for side in (-1, 1):
        dx, dy = turned(600 + side * 262, 230, -10 * side, ramp(side * (XX - 600), 215, 350))
        cut_x, cut_y = cut_x + dx, cut_y + dy
    ground = np.maximum(26 * chest + smooth(random, 90, 5), 0)
    return settle(Sheet(shape, cut_x, cut_y, ground=ground, bend=0.85, gravity=0.004, hold=0.03, seed=seed))


def _sewn(body: Map, neck: Points, cover: Map) -> tuple[Map, Map]:
    """Collar, seams and hems on the body: the height with them, and how much darker thread and ribs are."""
    edge = join(neck, mirrored(neck))
    rib = line(edge, 2 * _RIB) * (body > 0)
    collar = offset(edge, _RIB)
    seams = union([line(p, 2.2) for p in [*halves(_ARMHOLE, _SHOULDER), collar]])
    hem = join(_HEM, mirrored(_HEM))
    cuffs = [moved(_CUFF, 9, -22), moved(_CUFF, 11, -27)]
    thread = union(
        [stitches(p) for p in [moved(hem, 0, -22), moved(hem, 0, -27), *halves(*cuffs), offset(edge, _RIB + 6)]]
    )
    folded = union([line(moved(hem, 0, -12), 24), *(line(p, 24) for p in halves(moved(_CUFF, 5, -12)))]) * (body > 0)
    around = np.arctan2(YY - 60, XX - 600)
    ribs = rib * np.sin(around * 150)
    height = body + 4.5 * blur(rib, 1.5) + 1.6 * blur(folded, 2) - 3.2 * blur(seams, 1.6) - 1.4 * blur(thread, 1.0)
    height = height + 0.35 * ribs
    return height, np.asarray(0.10 * blur(seams, 0.8) + 0.10 * thread * (cover > 0) - 0.02 * ribs, np.float32)
