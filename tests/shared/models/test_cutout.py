"""Results of cut-outs as they are stored, also by other releases."""

from uuid import UUID

from shared.models.cutout import CutoutResult, Foreground

RESULT = CutoutResult(UUID(int=1), "c.png", "p.png", "m.png", 40, 30, 999, "u2net", 0.1, Foreground(1, 2, 3, 4))


def test_a_result_is_read_as_it_was_stored() -> None:
    assert CutoutResult.read(RESULT.json()) == RESULT


def test_a_field_of_a_later_release_is_ignored() -> None:
    assert CutoutResult.read({**RESULT.json(), "sharpness": 0.5}) == RESULT
