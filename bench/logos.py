"""Rendered logos on a flat ground whose alpha is exact: what the flat method and the networks are measured on.

A logo is drawn with hard edges at six times its size and averaged down, picture and alpha alike, so every edge pixel is
the mix of ink and ground that its alpha says. Its seed decides everything; `logos()` gives the 200 of the benchmark.
"""

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

Colour = tuple[int, int, int]
_SCALE = 6
_COUNT = 200
_APART = 90  # of 255, in at least one channel: inks from the ground and from each other
_FAINT = (6, 14)  # of 255: near-white on white, near-black on black
_GROUNDS: list[Colour] = [
    (255, 255, 255), (255, 255, 255), (250, 250, 248), (246, 239, 222), (0, 0, 0), (16, 16, 18), (128, 128, 128),
    (200, 30, 40), (24, 60, 140), (250, 210, 40), (30, 120, 70), (238, 240, 243),
]  # fmt: skip
_WORDS = [
    "BOARD", "Roadbook", "STOLEN", "TEE", "Pagoda", "OPERA", "coffee", "&", "Sons", "1986", "RQAB8", "goose", "Big",
    "Apple", "DROP", "eagle", "0469", "Bakery",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Logo:
    """`picture` is H x W x 3, `alpha` H x W, both uint8; `ground` is the colour in the middle of a graded ground."""

    kind: str
    picture: np.ndarray
    alpha: np.ndarray
    ground: Colour
    graded: bool
    quality: int | None  # of JPEG; None: lossless


def logos(count: int = _COUNT) -> Iterator[Logo]:
    return (logo(seed) for seed in range(count))


def logo(seed: int, *, kind: str | None = None, ground: Colour | None = None) -> Logo:
    random = np.random.default_rng([1906, seed])
    names = list(_KINDS)
    kind = kind or names[seed % len(names)]
    base = ground or _GROUNDS[random.integers(len(_GROUNDS))]
    if kind == "faint" and ground is None:
        base = [(255, 255, 255), (0, 0, 0), (247, 246, 243), (18, 18, 20)][random.integers(4)]
    width, height = (int(side) for side in random.integers(240, 640, 2))
    canvas = Canvas(random, width, height, base)
    _KINDS[kind](canvas)
    graded = kind != "faint" and random.random() < 0.1
    picture, alpha = canvas.rendered(graded=graded, soft=random.random() < 0.15)
    quality = int(random.integers(85, 96)) if random.random() < 0.5 else None
    if quality:
        picture = compressed(picture, quality, subsampling=2 * int(random.integers(2)))
    return Logo(kind, picture, alpha, base, graded, quality)


def compressed(picture: np.ndarray, quality: int, subsampling: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file).convert("RGB"))


class Canvas:
    """Inks laid one on another at six times the size; all lengths are shares of the shorter side."""

    def __init__(self, random: np.random.Generator, width: int, height: int, ground: Colour) -> None:
        self.random, self.ground = random, ground
        self.width, self.height = width * _SCALE, height * _SCALE
        self.unit = min(self.width, self.height)
        self.ink = Image.new("RGB", (self.width, self.height), ground)
        self.alpha = Image.new("L", self.ink.size)
        self.used = [ground]

    def colour(self) -> Colour:
        """Apart from the ground and all inks so far."""
        while True:
            drawn = self.random.integers(0, 256, 3)
            if self.random.random() < 0.3:
                drawn[:] = drawn[0]
            if all(np.abs(drawn - other).max() >= _APART for other in self.used[-3:]):
                red, green, blue = (int(level) for level in drawn)
                self.used.append((red, green, blue))
                return self.used[-1]

    def mask(self) -> Image.Image:
        return Image.new("L", self.ink.size)

    def lay(self, mask: Image.Image, ink: Colour | Image.Image) -> None:
        hard = mask.point([255 * (level > 127) for level in range(256)])
        self.ink.paste(ink, None if isinstance(ink, tuple) else (0, 0), hard)
        self.alpha = ImageChops.lighter(self.alpha, hard)

    def knock_out(self, mask: Image.Image) -> None:
        self.alpha.paste(0, None, mask.point([255 * (level > 127) for level in range(256)]))

    def between(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def gradient(self, first: Colour, last: Colour) -> Image.Image:
        ramp = Image.linear_gradient("L").resize(self.ink.size)
        if self.random.random() < 0.5:
            ramp = Image.linear_gradient("L").rotate(90).resize(self.ink.size)
        return Image.composite(Image.new("RGB", ramp.size, last), Image.new("RGB", ramp.size, first), ramp)

    def word(self) -> str:
        return _WORDS[self.random.integers(len(_WORDS))]

    def text(
        self, words: str, share: float, *, tall: float = 0.8, stroke: float = 0.0, angle: float = 0.0, down: float = 0.5
    ) -> Image.Image:
        """Lettering within `share` of the width and `tall` of the height; `stroke` is a share of the type's height."""
        size = 40 * _SCALE
        font = ImageFont.load_default(size)
        assert isinstance(font, ImageFont.FreeTypeFont)
        edge = round(stroke * size)
        left, top, right, bottom = font.getbbox(words, stroke_width=edge)
        drawn = Image.new("L", (round(right - left) + 4, round(bottom - top) + 4))
        ImageDraw.Draw(drawn).text((2 - left, 2 - top), words, 255, font=font, stroke_width=edge)
        scale = min(share * self.width / drawn.width, tall * self.height / drawn.height)
        wide = self.between(0.75, 1.0)
        drawn = drawn.resize((max(8, round(drawn.width * scale * wide)), max(8, round(drawn.height * scale))))
        drawn = drawn.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
        mask = self.mask()
        mask.paste(drawn, ((self.width - drawn.width) // 2, round(self.height * down - drawn.height / 2)))
        return mask

    def polygon(
        self, corners: int, radius: float, inner: float = 1.0, at: tuple[float, float] = (0.5, 0.5)
    ) -> Image.Image:
        """A star where `inner` is below 1; a circle from 60 corners on. `radius` is a share of the shorter side."""
        turn, mask, points = self.between(0, math.tau), self.mask(), []
        for i in range(2 * corners):
            out, angle = radius * self.unit * (inner if i % 2 else 1), turn + i * math.pi / corners
            points.append((at[0] * self.width + out * math.cos(angle), at[1] * self.height + out * math.sin(angle)))
        ImageDraw.Draw(mask).polygon(points, fill=255)
        return mask

    def circle(self, radius: float, at: tuple[float, float] = (0.5, 0.5)) -> Image.Image:
        return self.polygon(90, radius, 1.0, at)

    def ring(self, radius: float, width: float, at: tuple[float, float] = (0.5, 0.5)) -> Image.Image:
        return ImageChops.subtract(self.circle(radius, at), self.circle(radius - width, at))

    def curve(self, width: float) -> Image.Image:
        mask, phase, waves = self.mask(), self.between(0, math.tau), self.between(0.5, 3)
        level, height = self.between(0.2, 0.8), self.between(0.05, 0.3)
        points = [
            (
                self.width * (0.1 + 0.8 * step),
                self.height * (level + height * math.sin(phase + waves * math.tau * step)),
            )
            for step in np.linspace(0, 1, 301)
        ]
        ImageDraw.Draw(mask).line(points, fill=255, width=max(2, round(width * _SCALE)), joint="curve")
        return mask

    def rendered(self, *, graded: bool, soft: bool) -> tuple[np.ndarray, np.ndarray]:
        ground = Image.new("RGB", self.ink.size, self.ground)
        if graded:  # 5 of 255 to either side, over the whole picture
            by = 5
            ends = [tuple(min(255, max(0, level + sign * by)) for level in self.ground) for sign in (-1, 1)]
            ground = self.gradient(*ends)  # type: ignore[arg-type]
        ink = Image.composite(self.ink, ground, self.alpha)
        picture, alpha = ink.reduce(_SCALE), self.alpha.reduce(_SCALE)
        if soft:  # as an enlarged or scanned one
            blur = ImageFilter.GaussianBlur(self.between(0.5, 1.0))
            picture, alpha = picture.filter(blur), alpha.filter(blur)
        return np.asarray(picture), np.asarray(alpha)


def _wordmark(canvas: Canvas) -> None:
    ink, angle = canvas.colour(), canvas.between(-8, 8) * (canvas.random.random() < 0.4)
    lines = int(canvas.random.integers(1, 4))
    for line in range(lines):
        canvas.lay(canvas.text(canvas.word(), 0.85, tall=0.7 / lines, angle=angle, down=(line + 0.5) / lines), ink)


def _outlined(canvas: Canvas) -> None:
    words, edge = canvas.word(), canvas.between(0.04, 0.12)
    state = canvas.random.bit_generator.state
    canvas.lay(canvas.text(words, 0.85, stroke=edge), canvas.colour())
    inside = canvas.text(words, 0.75)
    canvas.random.bit_generator.state = state
    canvas.lay(inside, canvas.colour())


def _ring(canvas: Canvas) -> None:
    radius, width = canvas.between(0.3, 0.47), canvas.between(0.02, 0.12)
    canvas.lay(canvas.ring(radius, width), canvas.colour())
    if canvas.random.random() < 0.5:
        canvas.lay(canvas.ring(radius - width - 0.06, canvas.between(0.01, 0.08)), canvas.colour())
    elif canvas.random.random() < 0.6:
        canvas.lay(canvas.text(canvas.word(), 0.35), canvas.used[-1])


def _knocked_out(canvas: Canvas) -> None:
    corners = int(canvas.random.integers(4, 90))
    canvas.lay(canvas.polygon(corners, 0.47, canvas.between(0.8, 1.0)), canvas.colour())
    canvas.knock_out(canvas.text(canvas.word(), canvas.between(0.3, 0.6)))
    if canvas.random.random() < 0.5:
        canvas.knock_out(canvas.ring(0.36, canvas.between(0.008, 0.03)))


def _badge(canvas: Canvas) -> None:
    canvas.lay(canvas.circle(0.47), canvas.colour())
    canvas.lay(canvas.circle(0.42), canvas.colour())
    canvas.lay(canvas.text(canvas.word(), canvas.between(0.4, 0.7)), canvas.colour())


def _shapes(canvas: Canvas) -> None:
    for _ in range(canvas.random.integers(3, 8)):
        at = canvas.between(0.2, 0.8), canvas.between(0.2, 0.8)
        corners, inner = int(canvas.random.integers(2, 9)), canvas.between(0.4, 1)
        canvas.lay(canvas.polygon(corners, canvas.between(0.08, 0.3), inner, at), canvas.colour())


def _thin(canvas: Canvas) -> None:
    ink = canvas.colour()
    for _ in range(canvas.random.integers(2, 6)):
        canvas.lay(canvas.curve(canvas.between(0.8, 3.5)), ink)
    canvas.lay(canvas.text(" ".join(_WORDS[:4]), 0.9, down=canvas.between(0.2, 0.8)), canvas.colour())


def _graded(canvas: Canvas) -> None:
    ink = canvas.gradient(canvas.colour(), canvas.colour())
    canvas.lay(canvas.text(canvas.word(), 0.85, tall=0.6, stroke=canvas.between(0, 0.06)), ink)
    if canvas.random.random() < 0.5:
        canvas.lay(canvas.ring(0.45, canvas.between(0.02, 0.06)), ink)


def _faint(canvas: Canvas) -> None:
    by = int(canvas.random.integers(*_FAINT)) * (1 if max(canvas.ground) < 128 else -1)
    red, green, blue = (level + by for level in canvas.ground)
    mask = canvas.text(canvas.word(), 0.8, stroke=0.03) if canvas.random.random() < 0.6 else canvas.ring(0.4, 0.15)
    canvas.lay(mask, (red, green, blue))


def _bled(canvas: Canvas) -> None:
    """A stripe that reaches the picture's edge, with a mark on the ground and one on the stripe."""
    mask = canvas.mask()
    ImageDraw.Draw(mask).rectangle((0, round(canvas.height * 0.62), canvas.width, round(canvas.height * 0.8)), fill=255)
    canvas.lay(mask, canvas.colour())
    canvas.lay(canvas.text(canvas.word(), 0.5, down=0.32), canvas.colour())


_KINDS: dict[str, Callable[[Canvas], None]] = {
    "wordmark": _wordmark, "outlined": _outlined, "ring": _ring, "knocked out": _knocked_out, "badge": _badge,
    "shapes": _shapes, "thin": _thin, "graded": _graded, "faint": _faint, "bled": _bled,
}  # fmt: skip
