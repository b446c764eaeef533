"""Masks that enclose background: lettering with counters, rings, text around a circle, and hollow symbols."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from research.training.shapes import SIDE, centred, emblem, polygon, star
from research.training.studio import Random

MIDDLE = SIDE // 2
_COUNTERED, _OPEN = "OQDABPRaeodgbpq0689&@%OOBAeoag", "CSTLEMNKUVWXYZHIJFGcstlmnkuvwxyzhijfr123457!?"
_TEXT = (
    "book hood moon good pepper coffee board radio audio Adobe Opera QUBE BOOM ROAD DROP ODEON PAPA ABBA Google cloud "
    "Bread Broad dodo open API pool code mode node data DATA Roadbook Pagoda Orange apple BADGE GOLD door Food Agape "
    "deep lab bab PROBE Soda Bamboo Aloha"
)
_WORDS = _TEXT.split()
_FONT_PIXELS, _LETTER, _MARGIN = 150, 140, 10


def disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)


def outline(mask: np.ndarray, width: int) -> np.ndarray:
    """The inner rim of a mask."""
    return np.clip(mask - cv2.erode(mask, disc(width)), 0, 1)


def _word(random: Random) -> str:
    if random.random() < 0.5:
        word = _WORDS[random.integers(len(_WORDS))]
        return word.upper() if random.random() < 0.4 else word
    letters = (_COUNTERED if random.random() < 0.7 else _OPEN for _ in range(int(random.integers(1, 7))))
    return "".join(kind[random.integers(len(kind))] for kind in letters)


def text(random: Random, fonts: Sequence[str], width: float, height: float, *, bold: bool = False) -> np.ndarray:
    """One or two words as a mask that fits into the space."""
    words = _word(random)
    if random.random() >= 0.7:
        words += ("\n" if random.random() < 0.6 else " ") + _word(random)
    look = {
        "font": ImageFont.truetype(fonts[random.integers(len(fonts))], _FONT_PIXELS),
        "align": "center",
        "stroke_width": int(random.integers(0, 9)) if random.random() < 0.5 or bold else 0,
        "spacing": int(random.integers(-24, 14)),
    }
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (8, 8))).multiline_textbbox((0, 0), words, **look)
    page = Image.new("L", (int(right - left) + 2 * _MARGIN, int(bottom - top) + 2 * _MARGIN))
    ImageDraw.Draw(page).multiline_text((_MARGIN - left, _MARGIN - top), words, 255, **look)
    scale = min(width / page.width, height / page.height)
    size = max(8, int(page.width * scale)), max(8, int(page.height * scale))
    return cv2.resize(np.array(page), size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def middle_text(random: Random, fonts: Sequence[str], width: float, height: float, *, bold: bool = False) -> np.ndarray:
    return centred(SIDE, text(random, fonts, width, height, bold=bold), MIDDLE, MIDDLE)


def ring(random: Random, radius: float, width: float, x: float = MIDDLE, y: float = MIDDLE) -> np.ndarray:
    """A circle or an ellipse, sometimes with a gap."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    down = int(radius * (random.uniform(0.5, 1) if random.random() < 0.3 else 1))
    turn, gap = int(random.integers(0, 360)), int(random.integers(20, 110)) if random.random() < 0.2 else 0
    width = max(2, int(width))
    cv2.ellipse(mask, (int(x), int(y)), (int(radius), down), turn, 0, 360 - gap, 255, width, cv2.LINE_AA)
    return mask / np.float32(255)


def circling_text(random: Random, fonts: Sequence[str], radius: float, height: float) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), np.float32)
    font = ImageFont.truetype(fonts[random.integers(len(fonts))], 100)
    letters = " ".join(_word(random) for _ in range(4))[: int(random.integers(6, 22))]
    step = min(6.2 / len(letters), height / radius * random.uniform(0.75, 1.1))
    for index, letter in enumerate(letters):
        if letter.isspace():
            continue
        page = Image.new("L", (_LETTER, _LETTER))
        ImageDraw.Draw(page).text((_LETTER / 2, _LETTER / 2), letter, 255, font=font, anchor="mm")
        angle = (index + 0.5 - len(letters) / 2) * step
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * height / 100
        target = np.array([MIDDLE + radius * np.sin(angle), MIDDLE - radius * np.cos(angle)])
        place = np.float32(np.c_[turn, target - turn @ (_LETTER / 2, _LETTER / 2)])
        drawn = cv2.warpAffine(np.array(page), place, (SIDE, SIDE), flags=cv2.INTER_AREA)
        mask = np.maximum(mask, drawn.astype(np.float32) / 255)
    return mask


def symbol(random: Random) -> np.ndarray:
    """A gear, chain, lattice, graph, mug, wreath or perforated shape."""
    return _SYMBOLS[random.integers(0, len(_SYMBOLS))](random)


def _round(radius: float) -> np.ndarray:
    turns = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    return polygon(np.c_[np.cos(turns), np.sin(turns)] * radius + MIDDLE)


def _gear(random: Random) -> np.ndarray:
    teeth = polygon(star(random, int(random.integers(6, 14)), 250, random.uniform(0.75, 0.9)) + MIDDLE)
    return np.clip(np.maximum(teeth, _round(215)) - _round(random.uniform(60, 150)), 0, 1)


def _chain(random: Random) -> np.ndarray:
    count, width = int(random.integers(2, 6)), random.integers(7, 32)
    radius = 520 / (count + 1) * random.uniform(0.55, 0.8)
    links = (
        ring(random, radius, width, 60 + (index + 0.5) * 520 / count, MIDDLE + random.normal(0, 30) * (index % 2))
        for index in range(count)
    )
    return np.maximum.reduce(list(links))


def _lattice(random: Random) -> np.ndarray:
    mask, width = np.zeros((SIDE, SIDE), np.uint8), int(random.integers(8, 26))
    left, right, top, bottom = 90, 550, int(random.integers(90, 220)), int(random.integers(420, 550))
    for x in np.linspace(left, right, int(random.integers(2, 6))).astype(int):
        cv2.line(mask, (int(x), top), (int(x), bottom), 255, width, cv2.LINE_AA)
    for y in np.linspace(top, bottom, int(random.integers(2, 6))).astype(int):
        cv2.line(mask, (left, int(y)), (right, int(y)), 255, width, cv2.LINE_AA)
    return mask / np.float32(255)


def _graph(random: Random) -> np.ndarray:
    mask, width = np.zeros((SIDE, SIDE), np.uint8), int(random.integers(10, 46))
    corners = star(random, int(random.integers(3, 8)), 230, random.uniform(0.4, 1))[
        :: 1 if random.random() < 0.5 else 2
    ]
    nodes = [(int(x), int(y)) for x, y in corners + MIDDLE]
    for index, node in enumerate(nodes):
        for other in {(index + 1) % len(nodes), int(random.integers(len(nodes)))}:
            cv2.line(mask, node, nodes[other], 255, width // 2 + 2, cv2.LINE_AA)
    for node in nodes:
        cv2.circle(mask, node, int(random.integers(width, width + 30)), 255, -1, cv2.LINE_AA)
        if random.random() < 0.3:
            cv2.circle(mask, node, max(4, width // 2), 0, -1, cv2.LINE_AA)
    return mask / np.float32(255)


def _mug(random: Random) -> np.ndarray:
    mask, width = np.zeros((SIDE, SIDE), np.uint8), int(random.integers(10, 46))
    cv2.rectangle(mask, (150, 200), (400, 500), 255, -1 if random.random() < 0.6 else width, cv2.LINE_AA)
    handle = int(random.integers(70, 140)), int(random.integers(60, 120))
    cv2.ellipse(mask, (400, 350), handle, 0, -90, 90, 255, width, cv2.LINE_AA)
    return mask / np.float32(255)


def _wreath(random: Random) -> np.ndarray:
    radius, turns = random.uniform(170, 230), np.linspace(0, 2 * np.pi, int(random.integers(8, 26)), endpoint=False)
    leaves = [
        emblem(random, SIDE, MIDDLE + radius * np.cos(turn), MIDDLE + radius * np.sin(turn), random.uniform(18, 60))
        for turn in turns
    ]
    return np.maximum.reduce([*leaves, ring(random, radius, 8)] if random.random() < 0.5 else leaves)


def _perforated(random: Random) -> np.ndarray:
    mask = emblem(random, SIDE, MIDDLE, MIDDLE, 240)
    for _ in range(int(random.integers(1, 7))):
        x, y = MIDDLE + random.normal(0, 90, 2)
        mask = np.clip(mask - emblem(random, SIDE, x, y, random.uniform(25, 100)), 0, 1)
    return mask


_SYMBOLS: tuple[Callable[[Random], np.ndarray], ...] = (_gear, _chain, _lattice, _graph, _mug, _wreath, _perforated)
