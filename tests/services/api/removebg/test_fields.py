"""The grammar of the fields: every value that remove.bg documents, and none besides."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api.removebg import fields
from services.api.removebg.refusals import Refusal
from shared.models.composition import Channels, Composition, Format, Length, Shadow, Subject
from shared.models.cutout import CutoutInput

_PX = tuple(Length(n, "px") for n in (1, 2, 3, 4))
MEANINGS = [
    ("size", "preview", "max_pixels", 250_000),
    ("size", "small", "max_pixels", 250_000),
    ("size", "regular", "max_pixels", 250_000),
    ("size", "medium", "max_pixels", 1_500_000),
    ("size", "hd", "max_pixels", 4_000_000),
    ("size", "full", "max_pixels", 25_000_000),
    ("size", "4k", "max_pixels", 25_000_000),
    ("size", "auto", "max_pixels", 25_000_000),
    ("size", "50MP", "max_pixels", 50_000_000),
    *(("type", name, "type", Subject(name)) for name in ("auto", "car", "product", "person", "animal", "graphic")),
    ("type", "transportation", "type", Subject.TRANSPORTATION),
    *(("type_level", text, "type_level", level) for text, level in (("none", 0), ("1", 1), ("2", 2), ("latest", 2))),
    *(("format", name, "format", Format(name)) for name in ("auto", "png", "jpg", "webp", "zip")),
    ("roi", "0% 0% 100% 100%", "roi", None),
    ("roi", "1px 2px 3px 4px", "roi", _PX),
    ("roi", "1 2 3 4", "roi", _PX),
    ("crop", "true", "crop", True),
    ("scale", "original", "scale", None),
    ("scale", "10%", "scale", 0.1),
    ("scale", "100%", "scale", 1.0),
    ("position", "original", "position", None),
    ("position", "center", "position", (0.5, 0.5)),
    ("position", "25%", "position", (0.25, 0.25)),
    ("position", "0% 100%", "position", (0.0, 1.0)),
    ("channels", "alpha", "channels", Channels.ALPHA),
    *(("shadow_type", name, "shadow", Shadow(name)) for name in ("auto", "car", "3D", "drop", "none")),
    ("shadow_type[car]", "car", "shadows", {Subject.CAR: Shadow.CAR}),
    ("add_shadow", "true", "shadows", {Subject.CAR: Shadow.CAR}),
    ("shadow_opacity", "auto", "shadow_opacity", None),
    ("shadow_opacity", "100", "shadow_opacity", 100),
    ("shadow_opacity[person]", "0", "shadow_opacities", {Subject.PERSON: 0}),
    ("semitransparency", "false", "semitransparency", False),
    ("bg_color", "81d4fa", "bg_color", (0x81, 0xD4, 0xFA, 255)),
    ("bg_color", "fff", "bg_color", (255, 255, 255, 255)),
    ("bg_color", "81d4fa77", "bg_color", (0x81, 0xD4, 0xFA, 0x77)),
    ("bg_color", "Green", "bg_color", (0, 128, 0, 255)),
    ("bg_color", "00000000", "bg_color", None),
]
WRONG = [
    *(("size", text, "invalid_size") for text in ("giant", "HD", "0.25")),
    *(("type", text, "invalid_type") for text in ("other", "cat")),
    ("type_level", "3", "invalid_type_level"),
    ("format", "jpeg", "invalid_format"),
    *(("roi", text, "invalid_roi") for text in ("1px", "a b c d", "1px 2px 3px 4em", "0 0 1e9 1", " ")),
    ("crop", "yes", "invalid_crop"),
    *(("crop_margin", text, "invalid_crop_margin") for text in ("501px", "51%", "1px 2px 3px", "-1px", "x")),
    *(("scale", text, "invalid_scale") for text in ("9%", "101%", "0.5", "50")),
    *(("position", text, "invalid_position") for text in ("top", "101%", "1% 2% 3%", " ")),
    ("channels", "rgb", "invalid_channels"),
    ("shadow_type", "3d", "invalid_shadow_type"),
    ("shadow_type[car]", "big", "invalid_shadow_type"),
    *(("shadow_opacity", text, "invalid_shadow_opacity") for text in ("101", "-1", "²", "50%")),
    ("add_shadow", "maybe", "invalid_add_shadow"),
    ("semitransparency", "1", "invalid_semitransparency"),
    *(("bg_color", text, "invalid_bg_color") for text in ("12345", "notacolour", "rgb(1,2,3)", "1,2,3")),
]
TITLES = {"size": "Invalid value for parameter 'size'", "channels": "Invalid value for parameter 'channels'"}


@pytest.mark.parametrize(("name", "text", "field", "wanted"), MEANINGS)
def test_each_value_means_what_its_maker_says(name: str, text: str, field: str, wanted: object) -> None:
    assert getattr(fields.read({name: text}).composition, field) == wanted


@pytest.mark.parametrize(("name", "text", "code"), WRONG)
def test_each_other_value_is_refused_under_its_code(name: str, text: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        fields.read({name: text})
    (problem,) = refused.value.problems
    assert (refused.value.status, problem.code) == (400, code)
    assert problem.title == TITLES.get(name, f"Invalid {name.partition('[')[0]} parameter given")


def test_margins_count_only_with_a_crop() -> None:
    margin = {"crop_margin": "1px 2px 3px 4px"}
    assert fields.read(margin).composition.crop_margin == Composition().crop_margin
    assert fields.read({**margin, "crop": "true"}).composition.crop_margin == _PX
    two = fields.read({"crop": "true", "crop_margin": "10% 2"}).composition.crop_margin
    assert two == (Length(10, "%"), Length(2, "px")) * 2


def test_a_type_s_own_shadow_comes_before_the_old_switch() -> None:
    asked = fields.read({"add_shadow": "true", "shadow_type[car]": "drop"})
    assert asked.composition.shadows == {Subject.CAR: Shadow.DROP}


def test_only_a_preview_costs_a_quarter() -> None:
    assert [fields.read({"size": size}).quarters for size in ("", "preview", "auto", "hd")] == [1, 1, 4, 4]


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(Refusal) as refused:
        fields.read({"size": "x", "format": "x"})
    assert [problem.code for problem in refused.value.problems] == ["invalid_size", "invalid_format"]


def test_json_is_read_as_a_form_would_carry_it() -> None:
    sent = {"crop": True, "type_level": 2, "roi": None, "size": "", "shadow_type": {"car": "car"}, "x": [1]}
    assert fields.texts(sent) == {"crop": "true", "type_level": "2", "shadow_type[car]": "car", "x": "[1]"}


_NAMES = [name for name, *_ in (*MEANINGS, *WRONG)]
_TEXTS = [text for _, text, *_ in (*MEANINGS, *WRONG)]
_CHARACTERS = st.text("0123456789%px -.#a\u00b2\x00", max_size=12)
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _CHARACTERS, st.sampled_from(_TEXTS))
_VALUES = (
    _SCALARS | st.dictionaries(st.sampled_from(list(Subject)), _SCALARS, max_size=2) | st.lists(_SCALARS, max_size=2)
)


@settings(deadline=None, max_examples=100)
@given(sent=st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=6))
def test_whatever_is_sent_is_read_whole_or_refused(sent: dict[str, Any]) -> None:
    assert _holds(sent)


def _holds(sent: dict[str, Any]) -> bool:
    """Whether it is refused in remove.bg's words, or survives a job's row."""
    try:
        composition = fields.read(fields.texts(sent)).composition
    except Refusal as refused:
        return all(problem.title and problem.code.startswith("invalid_") for problem in refused.problems)
    stored = json.loads(json.dumps(CutoutInput(composition=composition).json()))
    return CutoutInput.read(stored).composition == composition
