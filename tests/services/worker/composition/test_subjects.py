"""What a cut-out is told to show."""

import pytest
from PIL import Image

from services.worker.composition import subjects
from shared.models.composition import Subject
from shared.models.cutout import Method
from tests.services.worker.composition.artwork import block, textured

PHOTOGRAPH, ARTWORK = textured((400, 300), (100, 60, 300, 240)), block()


@pytest.mark.parametrize(
    ("cutout", "method", "expected"),
    [
        (PHOTOGRAPH, Method.NETWORK, Subject.OTHER),
        (ARTWORK, Method.NETWORK, Subject.GRAPHIC),
        (PHOTOGRAPH, Method.FLAT, Subject.GRAPHIC),  # cut out by its colours, whatever JPEG made of them
        (block((40, 30), (5, 5, 20, 20)), None, Subject.OTHER),  # too small to tell
    ],
)
def test_flat_artwork_is_a_graphic_and_nothing_else_is_told_apart(
    cutout: Image.Image, method: Method | None, expected: Subject
) -> None:
    assert subjects.told(Subject.AUTO, cutout, method) is expected


def test_what_the_caller_says_is_not_questioned() -> None:
    assert subjects.told(Subject.ANIMAL, ARTWORK, Method.FLAT) is Subject.ANIMAL
