"""The fields of a request to remove.bg's API, as text, and what they ask for. Pure.

A field that is absent or empty has its default; one that is unknown is ignored.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.api.removebg.refusals import Problem, Refusal, bad_value
from shared.images import colours
from shared.models.composition import FULL_PIXELS, Channels, Composition, Format, Length, Lengths, Shadow, Subject
from shared.models.rendering import Colour

SOURCES = ("image_file", "image_file_b64", "image_url")
BACKGROUNDS = ("bg_color", "bg_image_url", "bg_image_file")
_PREVIEW_PIXELS = 250_000
_SIZES = {
    **dict.fromkeys(("preview", "small", "regular"), _PREVIEW_PIXELS),
    "medium": 1_500_000,
    "hd": 4_000_000,
    **dict.fromkeys(("full", "4k", "auto"), FULL_PIXELS),
    "50MP": 50_000_000,
}
_TYPES = {kind.value: kind for kind in Subject if kind is not Subject.OTHER}
_SHOWN = [kind for kind in Subject if kind is not Subject.AUTO]  # with a shadow of its own
_NUMBER = r"[0-9]{1,6}(?:\.[0-9]{1,6})?"
_LENGTH = re.compile(rf"(-?{_NUMBER})(px|%)?")
_PERCENT = re.compile(rf"({_NUMBER})%")
_COLOUR = re.compile(r"#?(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|[a-z]{3,20}", re.IGNORECASE)
_WHOLE = [Length(0, "%"), Length(0, "%"), Length(100, "%"), Length(100, "%")]
_MAX_MARGIN = {"px": 500, "%": 50}
_MISSING = Problem(
    "No image given",
    "missing_source",
    "Please provide the source image in the image_url, image_file or image_file_b64 parameter.",
)
_TWO_SOURCES = Problem("Multiple image sources given", "multiple_sources", f"Give one of {', '.join(SOURCES)}.")
_TWO_GROUNDS = Problem(
    "Multiple background sources given", "multiple_bg_sources", f"Give one of {', '.join(BACKGROUNDS)}."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, besides the pictures themselves, and the quarters of a credit that it costs."""

    composition: Composition
    quarters: int


def read(given: Mapping[str, str]) -> Asked:
    """Raise Refusal with an entry for each field that is wrong."""
    problems: list[Problem] = []
    composition = Composition(**{"max_pixels": _PREVIEW_PIXELS, **_chosen(given, problems)})
    if problems:
        raise Refusal(problems)
    return Asked(composition, 1 if composition.max_pixels == _PREVIEW_PIXELS else 4)


def require_one_source(names: Collection[str]) -> None:
    """Raise Refusal unless the request has one picture, and one background at most."""
    sources = sum(name in names for name in SOURCES)
    if sources != 1:
        raise Refusal([_TWO_SOURCES if sources else _MISSING])
    if sum(name in names for name in BACKGROUNDS) > 1:
        raise Refusal([_TWO_GROUNDS])


def texts(body: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a JSON object as a form would carry them; `{"a": {"b": 1}}` is `a[b]`."""
    flat = (pair for name, value in body.items() for pair in _flat(name, value))
    return {name: _text(value) for name, value in flat if value is not None and value != ""}


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((f"{name}[{key}]", inner) for key, inner in value.items())
    else:
        yield name, value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _chosen(given: Mapping[str, str], problems: list[Problem]) -> dict[str, Any]:
    """The fields of the composition that are given; what is wrong with others is added to `problems`."""

    def parsed(name: str, parse: Callable[[str], Any]) -> Any:
        try:
            return parse(given[name]) if given.get(name) else None
        except (ValueError, KeyError):
            problems.append(_problem(name.partition("[")[0]))
            return None

    def by_type(name: str, parse: Callable[[str], Any]) -> dict[Subject, Any]:
        found = {kind: parsed(f"{name}[{kind}]", parse) for kind in _SHOWN}
        return {kind: value for kind, value in found.items() if value is not None}

    chosen = {field: parsed(name, parse) for name, (field, parse) in _FIELDS.items()}
    if not chosen["crop"]:
        del chosen["crop_margin"]
    shadow_of_cars = {Subject.CAR: Shadow.CAR} if parsed("add_shadow", _switch) else {}
    chosen["shadows"] = shadow_of_cars | by_type("shadow_type", Shadow)
    chosen["shadow_opacities"] = by_type("shadow_opacity", _opacity)
    return {field: value for field, value in chosen.items() if value is not None}


def _problem(name: str) -> Problem:
    return bad_value(name, f"Invalid value for parameter '{name}'" if name in ("size", "channels") else "")


def _switch(text: str) -> bool:
    return {"true": True, "false": False}[text]


def _type_level(text: str) -> int:
    return {"none": 0, "1": 1, "2": 2, "latest": 2}[text]


def _length(text: str) -> Length:
    found = _LENGTH.fullmatch(text)
    if not found:
        raise ValueError
    return Length(float(found[1]), found[2] or "px")


def _roi(text: str) -> Lengths | None:
    parts = [_length(part) for part in text.split()]
    x1, y1, x2, y2 = parts
    return None if parts == _WHOLE else (x1, y1, x2, y2)


def _margin(text: str) -> Lengths:
    parts = [_length(part) for part in text.split()]
    if len(parts) not in (1, 2, 4) or any(not 0 <= side.amount <= _MAX_MARGIN[side.unit] for side in parts):
        raise ValueError
    top, right, bottom, left = parts * (4 // len(parts))
    return top, right, bottom, left


def _share(text: str) -> float:
    found = _PERCENT.fullmatch(text)
    if not found or float(found[1]) > 100:
        raise ValueError
    return float(found[1]) / 100


def _scale(text: str) -> float | None:
    share = None if text == "original" else _share(text)
    if share is not None and share < 0.1:
        raise ValueError
    return share


def _position(text: str) -> tuple[float, float] | None:
    if text in ("original", "center"):
        return None if text == "original" else (0.5, 0.5)
    across, down = ([_share(part) for part in text.split()] * 2)[:2]
    if len(text.split()) > 2:
        raise ValueError
    return across, down


def _opacity(text: str) -> int | None:
    if text == "auto":
        return None
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > 100:
        raise ValueError
    return int(text)


def _bg_color(text: str) -> Colour | None:
    """None for a colour that shows nothing: one client sends 00000000 unless it is told another."""
    if not _COLOUR.fullmatch(text):
        raise ValueError
    colour = colours.parse(text)
    return colour if colour[3] else None


_FIELDS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "size": ("max_pixels", _SIZES.__getitem__),
    "type": ("type", _TYPES.__getitem__),
    "type_level": ("type_level", _type_level),
    "format": ("format", Format),
    "roi": ("roi", _roi),
    "crop": ("crop", _switch),
    "crop_margin": ("crop_margin", _margin),
    "scale": ("scale", _scale),
    "position": ("position", _position),
    "channels": ("channels", Channels),
    "shadow_type": ("shadow", Shadow),
    "shadow_opacity": ("shadow_opacity", _opacity),
    "semitransparency": ("semitransparency", _switch),
    "bg_color": ("bg_color", _bg_color),
}
