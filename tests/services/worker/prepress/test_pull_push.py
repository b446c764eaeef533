"""Colours spread from where they are known."""

import numpy as np

from services.worker.prepress import pull_push

LEVELS = 3


def test_known_colours_stay_and_unknown_ones_come_from_nearby() -> None:
    colours = np.zeros((3, 64, 64), np.float32)
    colours[0, :, :30], colours[1, :, 34:] = 200, 100
    sure = np.zeros((1, 64, 64), np.bool_)
    sure[0, :, :30] = sure[0, :, 34:] = True
    (found,), (known,) = pull_push.spread(colours, sure, LEVELS)
    assert known.all()
    assert np.allclose(found[:, sure[0]], colours[:, sure[0]])
    assert found[0, 32, 30] > 130 > 70 > found[0, 32, 33]


def test_a_single_colour_is_spread_unchanged() -> None:
    colours = np.full((3, 32, 32), 90, np.float32)
    sure = np.zeros((1, 32, 32), np.bool_)
    sure[0, 16, 16] = True
    (found,), (known,) = pull_push.spread(colours, sure, LEVELS)
    assert np.allclose(found[:, known[0] if known.ndim == 3 else known], 90, atol=1e-3)


def test_doubling_interpolates_between_the_centres_of_cells() -> None:
    ramp = np.arange(8, dtype=np.float32)[None].repeat(4, 0)
    doubled = pull_push.doubled(ramp)
    assert doubled.shape == (8, 16)
    assert np.allclose(doubled[:, 1:-1], (np.arange(1, 15) - 0.5) / 2)
    assert np.allclose(pull_push.doubled(ramp.T), doubled.T)


def test_out_of_reach_is_said() -> None:
    sure = np.zeros((2, 64, 64), np.bool_)
    sure[0, :4, :4] = True
    _, known = pull_push.spread(np.ones((3, 64, 64), np.float32), sure, LEVELS)
    assert known[0, 0, 0]
    assert not known[0, 40:, 40:].any()
    assert not known[1].any()


def test_no_colour_reaches_further_than_two_of_the_coarsest_cells() -> None:
    generator = np.random.default_rng(0)
    colours = generator.random((3, 128, 128)).astype(np.float32)
    sure = generator.random((1, 128, 128)) < 0.01
    near, _ = pull_push.spread(colours, sure, LEVELS)
    reach = 2 << LEVELS
    cut = (..., slice(reach, -reach), slice(reach, -reach))
    colours[:, :8], sure[:, :8] = 0, False
    apart, _ = pull_push.spread(colours, sure, LEVELS)
    assert np.array_equal(near[cut], apart[cut])
