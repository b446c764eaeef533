"""Compositions: stored as JSON, and what follows from a choice."""

import json
from uuid import UUID

import pytest

from shared.models import composition
from shared.models.composition import Channels, Composition, Format, Length, Shadow, Subject
from shared.models.cutout import CutoutInput

ALL_CHOSEN = Composition(
    max_pixels=250_000,
    format=Format.ZIP,
    roi=(Length(1, "px"), Length(2.5, "%"), Length(300, "px"), Length(100, "%")),
    crop=True,
    crop_margin=(Length(5, "%"), Length(6, "px"), Length(7, "px"), Length(8, "%")),
    scale=0.8,
    position=(0.25, 1),
    channels=Channels.ALPHA,
    shadow=Shadow.AUTO,
    shadows={Subject.CAR: Shadow.CAR},
    shadow_opacity=0,
    shadow_opacities={Subject.CAR: 70},
    semitransparency=False,
    bg_color=(1, 2, 3, 0),
    bg_asset=UUID(int=7),
    type=Subject.CAR,
    type_level=2,
)


def stored(asked: Composition) -> CutoutInput:
    return CutoutInput.read(json.loads(json.dumps(CutoutInput(composition=asked).json())))


@pytest.mark.parametrize("asked", [ALL_CHOSEN, Composition()], ids=["all", "nothing"])
def test_a_composition_is_read_as_it_was_stored(asked: Composition) -> None:
    assert stored(asked).composition == asked


def test_a_field_of_a_later_release_is_refused() -> None:
    with pytest.raises(ValueError, match="sharpness"):
        Composition.read({"sharpness": 1})


def region(*lengths: str) -> composition.Area:
    x1, y1, x2, y2 = (Length(float(text.rstrip("%px")), text.lstrip("0123456789.-")) for text in lengths)
    return composition.region((x1, y1, x2, y2), 400, 200)


def test_a_region_is_in_pixels_or_percent() -> None:
    assert region("10px", "10%", "100%", "50.5px") == (10, 20, 400, 50)


@pytest.mark.parametrize("lengths", [("0px", "0px", "401px", "9px"), ("-1px", "0px", "9px", "9px")])
def test_a_region_beyond_the_picture_is_refused(lengths: tuple[str, ...]) -> None:
    with pytest.raises(composition.RoiExceedsBounds):
        region(*lengths)


@pytest.mark.parametrize(
    "lengths", [("9px", "0px", "9px", "9px"), ("0%", "60%", "50%", "40%"), ("0%", "0%", "0%", "1%")]
)
def test_a_region_without_pixels_is_refused(lengths: tuple[str, ...]) -> None:
    with pytest.raises(composition.RoiRegionEmpty):
        region(*lengths)


def test_the_shadow_of_a_type_goes_before_that_of_all() -> None:
    asked = Composition(shadow=Shadow.DROP, shadows={Subject.CAR: Shadow.CAR}, shadow_opacities={Subject.CAR: 30})
    assert (asked.shadow_of(Subject.CAR), asked.opacity_of(Subject.CAR)) == (Shadow.CAR, 0.3)
    assert (asked.shadow_of(Subject.OTHER), asked.opacity_of(Subject.OTHER)) == (Shadow.DROP, 0.5)


@pytest.mark.parametrize(
    ("subject", "shadow"),
    [
        (Subject.CAR, Shadow.CAR),
        (Subject.PERSON, Shadow.THREE_D),
        (Subject.TRANSPORTATION, Shadow.THREE_D),
        (Subject.PRODUCT, Shadow.DROP),
        (Subject.OTHER, Shadow.DROP),
    ],
)
def test_auto_takes_the_shadow_of_the_type(subject: Subject, shadow: Shadow) -> None:
    assert Composition(shadow=Shadow.AUTO).shadow_of(subject) is shadow


@pytest.mark.parametrize(("level", "name"), [(0, None), (1, "other"), (2, "graphics")])
def test_a_graphic_has_a_name_of_its_own_from_level_2(level: int, name: str | None) -> None:
    assert Composition(type_level=level).type_name(Subject.GRAPHIC) == name
