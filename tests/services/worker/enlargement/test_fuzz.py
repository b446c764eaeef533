"""Any picture in any size ends as one of that size with finite facts, or as one of the named refusals."""

import itertools
import random

import numpy as np

from services.worker.enlargement import comparison, handler
from services.worker.failures import Failed
from services.worker.vector import snapping
from shared.models.enlargement import EnlargementInput, Way
from shared.models.job import JobFailure
from tests.services.worker.print_file.test_fuzz import ALPHAS, SIZES, picture
from tests.services.worker.vector.logos import Pixels, noise

REFUSALS = {JobFailure.NO_INK, JobFailure.LARGE_ENOUGH, JobFailure.TOO_LARGE, JobFailure.NOT_FLAT_ARTWORK}


def _outcome(rgba: Pixels, asked: EnlargementInput) -> str:
    try:
        part = handler._part(rgba, asked)
        size = handler._size(part, part.width_mm * asked.dpi / 25.4 / part.ink_px)
        way, made = handler._enlarged(part.rgba, size, asked.method)
    except Failed as refusal:
        return refusal.failure
    assert made.shape == (size[1], size[0], 4)
    assert 0 <= comparison.changed(part.rgba, made) <= 1
    shown = comparison.detail(part.rgba, made)
    assert shown.before.shape == shown.after.shape
    return way


def test_any_picture_and_any_choice_end_as_a_picture_or_a_refusal() -> None:
    dice, ends = random.Random(7), set()
    for seed, (size, kind) in enumerate(itertools.product(SIZES, ALPHAS)):
        asked = EnlargementInput(
            dice.choice([None, 3, 30.5, 90, 4000]), dice.choice([72, 150, 300]), dice.choice(list(Way))
        )
        ends.add(_outcome(picture(*size, kind, seed), asked))
    assert ends == {*REFUSALS, Way.FLAT, Way.LANCZOS}


def test_a_pattern_of_many_parts_is_enlarged_all_the_same() -> None:
    pattern = noise(700, 5)
    assert (pattern.shape[0] // 5) ** 2 > snapping.MOST_PARTS
    assert _outcome(pattern, EnlargementInput(100, 300, Way.FLAT)) == Way.FLAT


def test_one_colour_stays_that_colour() -> None:
    plain = np.full((30, 40, 4), (12, 200, 90, 255), np.uint8)
    for way in (Way.FLAT, Way.LANCZOS):
        made = handler._enlarged(plain, (130, 100), way)[1]
        assert (made == (12, 200, 90, 255)).all()
