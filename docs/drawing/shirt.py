"""The T-shirt: outlines and seams, wrinkles as a height map, light on it, the print stretched over it."""

import numpy as np
from PIL import Image, ImageDraw

from docs.drawing.artwork import CREAM, artwork
from docs.drawing.tools import HEIGHT, MIDDLE, RANDOM, WIDTH, XX, YY, Map, Points, blur, curve, linear, noise, over

CLOTH = (40, 88, 101)


def mirrored(points: Points) -> Points:
    return np.column_stack([2 * MIDDLE - points[:, 0], points[:, 1]])[::-1]


def worn(points: Points) -> Points:
    """Bend every outline by the same slow waves, because cloth is never symmetric."""
    x, y = points[:, 0], points[:, 1]
    dx = 7 * np.sin(y / 260 + 1) + 5 * np.sin(y / 97 + x / 300) + 0.012 * (y - 1000)
    dy = 8 * np.sin(x / 310 + 2) + 4 * np.sin(x / 83 + y / 200)
    return np.column_stack([x + dx, y + dy])


def area(points: Points) -> Map:
    """Fill the outline, 0..1, with smooth edges."""
    canvas = Image.new("L", (2 * WIDTH, 2 * HEIGHT))  # at twice the size, because Pillow's edges are hard
    ImageDraw.Draw(canvas).polygon([tuple(p) for p in 2 * worn(points)], fill=255)
    return np.asarray(canvas.reduce(2), np.float32) / np.float32(255)


def line(points: Points, width: float, dash: float = 0) -> Map:
    """A seam along `points`, or with `dash` the stitches of one."""
    canvas = Image.new("L", (2 * WIDTH, 2 * HEIGHT))
    draw, path = ImageDraw.Draw(canvas), 2 * worn(points)
    if dash:
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
        for start in np.arange(0, along[-1], 3.2 * dash):
            at = np.array([start, start + 2 * dash])
            ends = np.column_stack([np.interp(at, along, path[:, 0]), np.interp(at, along, path[:, 1])])
            draw.line([tuple(p) for p in ends], fill=255, width=round(2 * width))
    else:
        draw.line([tuple(p) for p in path], fill=255, width=round(2 * width), joint="curve")
    return np.asarray(canvas.reduce(2), np.float32) / np.float32(255)


def fold(start: tuple[float, float], end: tuple[float, float], width: float, lift: float, bend: float = 0) -> Map:
    """One wrinkle: a ridge that fades at both ends, steep on one flank because cloth leans over."""
    axis = np.subtract(end, start)
    length = float(np.hypot(*axis))
    ax, ay = axis / length
    x, y = XX - start[0], YY - start[1]
    along = (x * ax + y * ay) / length
    across = -x * ay + y * ax - 4 * bend * length * along * (1 - along)
    across /= width * (0.7 + 0.6 * np.clip(along, 0, 1))
    ridge = np.exp(-((across * np.where(across > 0, 1.5, 0.75)) ** 2)) - 0.4 * np.exp(-((across - 1.5) ** 2))
    return np.asarray(lift * np.exp(-(((along - 0.45) / 0.34) ** 2)) * ridge, np.float32)


NECK = curve((630, 322), (650, 430), (712, 474), (800, 474))
SHOULDER = curve((630, 322), (560, 352), (480, 372), (420, 398))
SLEEVE = curve((420, 398), (318, 440), (250, 560), (118, 842))
SLEEVE_HEM = curve((118, 842), (190, 900), (280, 938), (360, 950))
UNDERARM = curve((360, 950), (388, 880), (410, 820), (428, 772))
SIDE = curve((428, 772), (446, 1000), (418, 1300), (420, 1752))
HEM = curve((420, 1752), (560, 1786), (680, 1790), (800, 1788))
BACK_NECK = curve((630, 322), (690, 298), (740, 292), (800, 292))
ARMHOLE = curve((420, 398), (462, 520), (466, 660), (428, 772))
RIB = curve((592, 338), (620, 476), (706, 524), (800, 524))


def down(points: Points, distance: float) -> Points:
    return np.column_stack([points[:, 0], points[:, 1] + distance])


def both(*parts: Points) -> Points:
    """The outline whose left half is `parts`."""
    left = np.concatenate(parts)
    return np.concatenate([left, mirrored(left)])


def seam(*paths: Points, width: float, dash: float = 0) -> Map:
    """Lines on both halves of the garment."""
    lines = [line(half, width, dash) for path in paths for half in (path, mirrored(path))]
    return np.asarray(np.max(lines, axis=0), np.float32)


def around(spread: float) -> float:
    return float(RANDOM.normal(0, spread))


def pulled(side: int) -> Map:
    """The wrinkles of one half: from the armpit over chest and sleeve, down the side, up from the hem."""

    def at(x: float, y: float) -> tuple[float, float]:
        return MIDDLE + side * (MIDDLE - x), y

    h = fold(at(560, 420), at(640, 700), 42, 12, side * 0.1) + fold(at(462, 470), at(440, 740), 20, 12, side * -0.08)
    for i in range(5):
        chest = at(640 + 26 * i + around(20), 850 + 96 * i + around(30))
        sleeve = at(236 + 10 * i + around(12), 850 - 78 * i + around(14))
        h += fold(at(440 + around(8), 780 + 26 * i), chest, 13 + 4 * i, 21 - 2.6 * i, side * 0.06)
        h += fold(at(424 + around(6), 750 - 44 * i), sleeve, 13 + 3 * i, 19 - 2.4 * i, side * 0.06)
    for i in range(4):
        flank = at(540 + 36 * i + around(24), 1290 + 130 * i + around(40))
        belly = at(490 + 80 * i + around(60), 1420 + around(110))
        h += fold(at(438, 860 + 110 * i), flank, 20 + 4 * i, 15, side * -0.06)
        h += fold(at(470 + 84 * i + around(34), 1790), belly, 26 + around(5), 13 + around(4), around(0.05))
    return h


def hanging() -> Map:
    """Add slack cloth at the belly and small irregularities everywhere."""
    h = 7 * noise(230) + 3 * noise(110) + 0.8 * noise(60)
    for _ in range(9):
        x, y, lean = RANDOM.uniform(520, 1080), RANDOM.uniform(1080, 1640), RANDOM.choice([-1, 1])
        end = x + lean * RANDOM.uniform(200, 460), y + RANDOM.uniform(20, 190)
        h += fold((x, y), end, RANDOM.uniform(20, 44), RANDOM.uniform(7, 14), around(0.07))
    return h


def raised(shape: Map, softness: float, lift: float) -> Map:
    """A body with rounded edges, from its blurred outline (a distance would leave ridges)."""
    return np.asarray(lift * np.sin(np.clip((blur(shape, softness) - 0.22) * 1.28, 0, 1) * np.pi / 2), np.float32)


def lit(height: Map, shape: Map) -> tuple[Map, Map]:
    """Soft light from the upper left on a height map: brightness around 1, and the sheen of the fibres."""
    dy, dx = np.gradient(height)
    size = np.sqrt(dx**2 + dy**2 + 1)
    facing = (0.42 * dx + 0.56 * dy + 0.71) / size
    brightness = 0.38 + 0.70 * np.clip((facing + 0.4) / 1.11, 0, 1.3)  # cloth scatters: the shadow side is not black
    surroundings = blur(height * shape, 40) / np.maximum(blur(shape, 40), 1e-3)
    hollow = np.clip((surroundings - height) / 40, -0.4, 1)  # hollows see less of the room
    return brightness * (1 - 0.42 * hollow), np.clip((0.25 * dx + 0.33 * dy + 0.91) / size, 0, 1) ** 12


def printed(height: Map) -> Map:
    """The artwork on the chest, linear RGBA: shrunk to size, pushed along by the slopes of the folds."""
    side, left, top = 700, 452, 566
    box = np.s_[top : top + side, left : left + side]
    bands = [
        Image.fromarray(band).resize((side, side), Image.Resampling.LANCZOS) for band in np.moveaxis(artwork(), 2, 0)
    ]
    small = np.stack([np.asarray(band) for band in bands], axis=2)
    dy, dx = (np.asarray(slope, np.float32) for slope in np.gradient(blur(height, 9)))
    x, y = (np.clip(a[box] - a0 + 6 * d[box], 0, side - 1.01) for a, a0, d in ((XX, left, dx), (YY, top, dy)))
    x0, y0 = x.astype(int), y.astype(int)
    fx, fy = (x - x0)[..., None], (y - y0)[..., None]
    upper = small[y0, x0] * (1 - fx) + small[y0, x0 + 1] * fx
    lower = small[y0 + 1, x0] * (1 - fx) + small[y0 + 1, x0 + 1] * fx
    out = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    out[box] = np.clip(upper * (1 - fy) + lower * fy, 0, 1)
    return out


def outline() -> Map:
    return area(both(NECK[::-1], SHOULDER, SLEEVE, SLEEVE_HEM, UNDERARM, SIDE, HEM))


def neck() -> Map:
    """The inner back and, overlapping the front, its rib: no backdrop shows where they meet."""
    return area(np.concatenate([BACK_NECK, mirrored(BACK_NECK), mirrored(RIB)[::-1], RIB[::-1]]))


def front(shape: Map, back: Map) -> Map:
    """The lit, printed cloth of the front."""
    trunk = area(both(NECK[::-1], SHOULDER, ARMHOLE, SIDE, HEM))
    rib = back * shape
    chest = 60 * np.exp(-(((XX - 800) / 380) ** 2 + ((YY - 700) / 460) ** 2))
    body = raised(shape, 30, 44) + raised(trunk, 46, 12) + chest + pulled(-1) + pulled(1) + hanging()
    seams = seam(ARMHOLE, RIB, width=3)
    hems = (down(HEM, -40), down(HEM, -48), down(SLEEVE_HEM, -36), down(SLEEVE_HEM, -44), down(RIB, 9))
    stitches = seam(*hems, width=1.6, dash=5)
    light, sheen = lit(body + 8 * blur(rib, 4) - 5 * blur(seams, 3) - 2.5 * blur(stitches, 2), shape)
    ribbing = rib * np.sin(np.arctan2(YY - 250, XX - 800) * 170)
    light *= (1 - 0.12 * blur(seams, 1) - 0.22 * stitches + 0.07 * ribbing) * (1 - 0.34 * blur(back, 12) * rib)
    knit = (0.5 * noise(2.2, (2, 0.8)) + 0.5 * np.sin(XX * 2.1 + 0.8 * noise(30)))[..., None]
    cloth = linear(CLOTH) * light[..., None] * (1 + 0.03 * knit) + 0.012 * sheen[..., None]
    ink = printed(body) * np.clip(0.96 + 0.03 * knit, 0, 1)  # the knit shows through a screen print
    return np.asarray(cloth * (1 - ink[..., 3:]) + ink[..., :3] * light[..., None], np.float32)


def inside() -> Map:
    """The back of the neck seen from within: dark, with a rib and a label."""
    collar, tag = seam(down(BACK_NECK, 18), width=36), area(np.array([(762, 336), (838, 336), (838, 388), (762, 388)]))
    cloth = linear(CLOTH) * (0.62 - 0.4 * np.clip((YY - 300) / 170, 0, 1) + 0.1 * collar)[..., None]
    return over(cloth, linear(CREAM) * np.float32(0.16), tag)  # in shadow: from 0.24 on, `compact` takes it for a hole
