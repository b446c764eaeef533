"""The models match the contract and are immutable."""

from dataclasses import FrozenInstanceError

import pytest

from shared.models.asset import Asset
from shared.models.cutout import CutoutInput, CutoutResult, Foreground
from shared.models.job import Job, JobError, JobFailure, JobState, Outcome, Timings
from shared.models.owner import Owner


def test_the_states_of_a_job_are_those_of_the_contract() -> None:
    assert set(JobState) == {"queued", "running", "done", "failed", "cancelled"}
    assert {state for state in JobState if state.terminal} == {"done", "failed", "cancelled"}


def test_the_reasons_to_fail_are_those_of_the_contract() -> None:
    assert set(JobFailure) == {
        *("unknown_foreground", "provider_failed", "provider_budget", "source_missing", "poison"),
        *("no_ink", "too_large", "too_complex", "not_flat_artwork", "does_not_fit", "large_enough"),
    }


def test_values_are_frozen_and_have_no_other_attributes() -> None:
    box = Foreground(top=1, left=2, width=3, height=4)
    with pytest.raises(FrozenInstanceError):
        box.top = 5  # type: ignore[misc]
    for noun in (Owner, Asset, Job, CutoutInput, CutoutResult, Outcome, Timings, JobError, Foreground):
        assert hasattr(noun, "__slots__")
