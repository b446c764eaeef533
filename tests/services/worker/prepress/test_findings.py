"""Boxes around what was found, and the score."""

import numpy as np

from services.worker.prepress.findings import boxes, score
from shared.models.print_check import Box, Code, Finding, Level


def test_groups_far_apart_get_a_box_each_the_largest_first() -> None:
    rows = np.array([10, 500, 501, 502])
    columns = np.array([20, 600, 600, 601])
    assert boxes((rows, columns)) == (Box(600, 500, 602, 503), Box(20, 10, 21, 11))


def test_points_of_a_reduced_picture_stand_for_their_pixels() -> None:
    assert boxes((np.array([2]), np.array([3])), cell=4) == (Box(12, 8, 16, 12),)


def test_no_points_give_no_box() -> None:
    none = np.zeros(0, np.intp)
    assert boxes((none, none)) == ()


def test_at_most_eight_boxes_are_shown() -> None:
    places = np.arange(0, 2000, 100)
    assert len(boxes((places, places))) == 8


def test_a_box_grows_within_the_picture() -> None:
    assert Box(5, 10, 20, 30).grown(8, (34, 100)) == Box(0, 2, 28, 34)


def test_failures_cost_more_than_warnings_and_the_score_ends_at_0() -> None:
    fail, warn = (Finding(Code.DPI, level, 1, 2, "Fix it.", ()) for level in (Level.FAIL, Level.WARN))
    assert (score([]), score([warn]), score([fail, warn]), score([fail] * 3)) == (100, 90, 50, 0)
