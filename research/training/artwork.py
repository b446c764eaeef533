"""Prints and logos: lettering, emblems, and pictures of logos where a folder of them is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from research.training.shapes import centred, emblem, paint
from research.training.studio import Random, cloud

_TEXT = (
    "STOLEN TEE Summer Club Vintage Ride On Good Vibes Est. 1987 Rock Band Tour No Rules Wild Coffee First Team Red "
    "Ocean Surf Co. Night Run Skate Peace Love Dream Big 23 99 Custom Apparel Print Shop Family Reunion Coach Birthday "
    "Squad Be Kind Hello World Sunset Mountain Camp Golf Pizza Cats Lucky Brew Works"
)
_WORDS = _TEXT.split()
_FONT_PIXELS = 120
_MARGIN = 10
_DIFFERENT = 45  # from the colour behind, in at least one channel


@dataclass(frozen=True, slots=True)
class Materials:
    """What artwork is made of: font files, and pictures of logos, which may be none."""

    fonts: Sequence[str]
    logos: Sequence[str]

    @classmethod
    def find(cls, fonts: Path, logos: Path | None) -> "Materials":
        """Fonts with letters in them, and every picture in the folder."""
        files = sorted(str(path) for path in fonts.rglob("*.ttf"))
        pictures = sorted(str(path) for path in logos.iterdir()) if logos else []
        return cls(
            [file for file in files if "Symbol" not in file and "Emoji" not in file],
            [file for file in pictures if file.lower().endswith((".png", ".jpg", ".jpeg"))],
        )


def ink(random: Random) -> np.ndarray:
    """A colour such as clothes and prints have: white and black often, greys, and any hue."""
    kind = random.random()
    if kind < 0.17:
        return np.full(3, random.integers(225, 256), np.float32)
    if kind < 0.34:
        return np.full(3, random.integers(5, 50), np.float32)
    if kind < 0.44:
        return np.full(3, random.integers(60, 200), np.float32) + random.normal(0, 4, 3).astype(np.float32)
    hue = np.uint8([[[random.integers(0, 180), random.integers(60, 256), random.integers(50, 256)]]])
    return cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0].astype(np.float32)


def lettering(random: Random, width: float, height: float, fonts: Sequence[str]) -> np.ndarray:
    """One to three words as a mask that fits into the space."""
    words = " ".join(random.choice(_WORDS, int(random.integers(1, 4))))
    words = words.upper() if random.random() < 0.5 else words
    if random.random() < 0.3:
        words = words.replace(" ", "\n")
    font = ImageFont.truetype(fonts[random.integers(len(fonts))], _FONT_PIXELS)
    measured = ImageDraw.Draw(Image.new("L", (8, 8))).multiline_textbbox((0, 0), words, font=font, align="center")
    left, top, right, bottom = measured
    page = Image.new("L", (int(right - left) + 2 * _MARGIN, int(bottom - top) + 2 * _MARGIN))
    ImageDraw.Draw(page).multiline_text(
        (_MARGIN - left, _MARGIN - top),
        words,
        255,
        font=font,
        align="center",
        stroke_width=int(random.integers(0, 6)),
    )
    scale = min(width / page.width, height / page.height)
    size = max(8, int(page.width * scale)), max(8, int(page.height * scale))
    return cv2.resize(np.array(page), size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def artwork(
    random: Random, side: int, radius: float, materials: Materials, behind: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """RGB and alpha of a print about twice `radius` wide, in the middle, in inks that stand out from `behind`."""

    def visible() -> np.ndarray:
        for _ in range(6):
            colour = ink(random)
            if np.abs(colour - behind).max() > _DIFFERENT:
                return colour
        return 255 - behind

    kind = random.random()
    if kind < 0.22 and materials.logos:
        pasted = _logo(random, side, radius, materials.logos)
        if pasted is not None:
            return pasted
    if kind < 0.5:
        return _words(random, side, radius, materials.fonts, visible)
    return _emblems(random, side, radius, materials.fonts, visible)


def _logo(random: Random, side: int, radius: float, logos: Sequence[str]) -> tuple[np.ndarray, np.ndarray] | None:
    logo = cv2.imread(logos[random.integers(len(logos))], cv2.IMREAD_UNCHANGED)
    if logo is None or logo.ndim != 3:
        return None
    scale = 2 * radius / max(logo.shape[:2])
    size = max(4, int(logo.shape[1] * scale)), max(4, int(logo.shape[0] * scale))
    logo = cv2.resize(logo, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    opaque = logo.shape[2] != 4
    alpha = np.ones(logo.shape[:2], np.float32) if opaque else logo[..., 3].astype(np.float32) / 255
    if alpha.mean() <= 0.03:
        return None
    middle = side / 2
    bands = [centred(side, logo[..., band].astype(np.float32), middle, middle) for band in (2, 1, 0)]
    return np.stack(bands, axis=-1), centred(side, alpha, middle, middle)


def _words(
    random: Random, side: int, radius: float, fonts: Sequence[str], visible: Callable[[], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Lettering, sometimes outlined in a second colour."""
    picture, alpha = np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.float32)
    height = radius * random.uniform(0.6, 1.6)
    mask = centred(side, lettering(random, 2 * radius, height, fonts), side / 2, side / 2)
    colour = visible()
    if random.random() < 0.35:
        outline = cv2.dilate(mask, np.ones((2 * int(random.integers(2, 7)) + 1,) * 2))
        paint(picture, outline, visible())
        alpha = np.maximum(alpha, outline)
    paint(picture, mask, colour)
    return picture, np.maximum(alpha, mask)


def _emblems(
    random: Random, side: int, radius: float, fonts: Sequence[str], visible: Callable[[], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Up to five shapes over one another, sometimes hollow, often with lettering."""
    picture, alpha = np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.float32)
    middle = side / 2
    for index in range(int(random.integers(1, 6))):
        own = radius * (1 if index == 0 else random.uniform(0.15, 0.7))
        x, y = (middle + (0 if index == 0 else random.normal(0, 0.35 * radius)) for _ in range(2))
        mask = emblem(random, side, x, y, own)
        if random.random() < 0.25:
            line = 2 * int(random.integers(3, 16)) + 1
            mask = np.clip(mask - cv2.erode(mask, np.ones((line, line))), 0, 1)
        paint(picture, mask, visible())
        alpha = np.maximum(alpha, mask)
    if random.random() < 0.6:
        words = lettering(random, 1.8 * radius, radius * 0.5, fonts)
        mask = centred(side, words, middle, middle + random.uniform(-0.2, 1.1) * radius)
        paint(picture, mask, visible())
        alpha = np.maximum(alpha, mask)
    if random.random() < 0.2:
        picture += cloud(random, side, int(random.integers(3, 30)), random.uniform(5, 30))
    return picture, alpha
