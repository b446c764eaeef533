"""The hoodie, laid flat: 54 cm across the chest at 0.98 pixels a millimetre."""

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
    stitches,
    union,
)

_SHOULDER = curve((462, 270), (420, 280), (376, 292), (338, 308))
_SLEEVE = curve((338, 308), (262, 344), (232, 520), (206, 700), (168, 966))
_WRIST = join(
    (168, 966),
    curve((164, 1010), (160, 1030), (164, 1054)),
    curve((164, 1054), (190, 1068), (222, 1068), (240, 1062)),
    (252, 984),
)
_UNDERARM = curve((252, 984), (296, 800), (326, 640), (346, 536))
_FLANK = curve((346, 536), (336, 700), (330, 860), (334, 1030))
_WAIST = join(curve((334, 1030), (336, 1070), (342, 1096)), curve((342, 1096), (440, 1108), (520, 1110), (600, 1110)))
_BAND = curve((334, 1030), (430, 1044), (520, 1047), (600, 1047))
_ARMHOLE = curve((338, 308), (372, 380), (374, 460), (346, 536))
_NECKLINE = curve((600, 404), (540, 396), (484, 352), (452, 262))
_CROWN = join(curve((452, 262), (426, 176), (440, 92), (516, 72)), curve((516, 72), (556, 62), (600, 61)))
_OPENING = join(
    curve((600, 366), (560, 330), (508, 268), (506, 200)), curve((506, 200), (504, 140), (548, 112), (600, 112))
)
_HEM = join(curve((600, 398), (536, 350), (484, 276), (483, 200)), curve((483, 200), (481, 120), (540, 89), (600, 89)))
_POCKET = np.array([(428, 1036), (420, 952), (486, 806), (714, 806), (780, 952), (772, 1036)], float)


def front() -> Drawing:
    body = area(both((600, 300), (462, 270), _SHOULDER, _SLEEVE, _WRIST, _UNDERARM, _FLANK, _WAIST))
    whole = area(both(_NECKLINE, _CROWN))
    opening = area(both(_OPENING))
    hood = np.asarray(np.clip(whole - opening, 0, 1), np.float32)
    folds = _folds(body)
    lying = (folds * ramp(blur(body, 6), 0.5, 0.95) + rounded(body, 15, 15)) * body
    height, dark = _hooded(*_sewn(lying, body), hood, whole, opening)
    cords, tips = _cords()
    string = union([*cords, *tips])
    height = height + 7 * rounded(string, 5, 1)
    cover = np.maximum(body, whole)
    light = on_table(height, cover) * (1 - dark)
    return Drawing(
        cover,
        light,
        folds,
        above=np.maximum(whole, string),
        fixed=[(union(cords), (232, 230, 225)), (union(tips), (176, 176, 180))],
    )


def _folds(body: Map) -> Map:
    """Heavy fleece: few, wide folds, from sleeves turned down and pushed up towards the elbow."""
    random = np.random.default_rng(12)
    chest = np.exp(-(((XX - 600) / 180) ** 2) - ((YY - 620) / 190) ** 2)
    slack = 1 - 0.5 * chest
    cut_x, cut_y = smooth(random, 110, 8) * slack, (YY - 300) * 0.006 + smooth(random, 110, 8) * slack
    for side in (-1, 1):
        arm = ramp(side * (XX - 600), 225, 330)
        dx, dy = turned(600 + side * 255, 380, -9 * side, arm)
        cut_x, cut_y = cut_x + dx, cut_y + dy + arm * (YY - 380) * 0.035
    ground = np.maximum(30 * chest + smooth(random, 100, 6), 0)
    return settle(Sheet(body, cut_x, cut_y, ground=ground, bend=1.0, gravity=0.004, hold=0.02, seed=12))


def _sewn(body: Map, shape: Map) -> tuple[Map, Map]:
    """Pocket, ribs, seams and their thread."""
    pocket = area(_POCKET)
    band = area(join(_BAND, mirrored(_BAND), mirrored(_WAIST[48:]), _WAIST[48:][::-1])) * shape
    wrists = union([area(p) for p in halves(_WRIST)]) * shape
    ribs = band * np.sin(XX * (2 * np.pi / 7.5)) + wrists * np.sin(
        (XX + 0.17 * YY * np.sign(XX - 600)) * (2 * np.pi / 6.5)
    )
    cuff = _WRIST[[0, -1]]
    seams = union([line(p, 2.6) for p in [*halves(_ARMHOLE, _BAND, cuff), _closed(_POCKET)]]) * shape
    thread = union(
        [stitches(p, 1.6, 7, 3) for p in [_inset(_POCKET, 0.962), *halves(moved(_ARMHOLE, 7, 0), moved(_BAND, 0, -7))]]
    )
    height = body - 4 * (blur(band, 5) + blur(wrists, 4)) + 7 * blur(pocket, 2.5) * (1 - band) + 0.55 * ribs
    height = height - 4 * blur(seams, 2.2) - 1.6 * blur(thread, 1.2)
    return height, np.asarray(0.08 * blur(seams, 0.9) + 0.08 * thread, np.float32)


def _hooded(height: Map, dark: Map, hood: Map, whole: Map, opening: Map) -> tuple[Map, Map]:
    """Lay the hood over the shoulders: its own folds, a wide hem round the opening, the lining deep inside."""
    random = np.random.default_rng(3)
    cut_x, cut_y = (XX - 600) * 0.03 + smooth(random, 45, 4), (YY - 200) * 0.05 + smooth(random, 45, 4)
    folds = settle(Sheet(hood, cut_x, cut_y, bend=1.0, gravity=0.003, hold=0.02, seed=5))
    hem = area(both(_HEM)) * hood
    lying = 20 + folds * ramp(blur(hood, 5), 0.5, 0.95) + rounded(whole, 22, 20) + 5 * blur(hem, 1.8)
    lying = (
        lying
        - 3 * blur(line(join(_HEM, mirrored(_HEM)), 2.4), 1.6)
        - 5 * blur(line(join((600, 366), (592, 400)), 3), 1.6)
    )
    lining = 14 + smooth(random, 40, 1.2) - 3 * blur(line(join((600, 100), (600, 380)), 2.5), 1.8)
    height = height * (1 - whole) + lying * hood + lining * opening
    thread = union([stitches(p, 1.6, 7, 3) for p in halves(_HEM)]) * hood
    deep = opening * (0.25 + 0.45 * ramp(YY, 110, 350))
    return height - 1.2 * blur(thread, 1), dark * (1 - whole) + 0.08 * thread + deep


def _cords() -> tuple[list[Map], list[Map]]:
    left = curve((566, 374), (548, 402), (566, 446), (554, 508))
    right = curve((634, 376), (652, 410), (636, 452), (650, 524))
    return [line(p, 8.5) for p in (left, right)], [line(p[-9:], 9.5) for p in (left, right)]


def _closed(corners: Points) -> Points:
    return join(corners, corners[:1])


def _inset(corners: Points, scale: float) -> Points:
    middle = corners.mean(axis=0)
    return np.asarray((corners - middle) * scale + middle)
