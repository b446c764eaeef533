"""What rembg assumes of a machine that does not say."""

import os

import pytest

from services.rembg import settings


def test_cores_are_those_the_process_may_run_on_or_all_where_that_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert settings.cores() == 1
    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert settings.cores() == 5
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert settings.cores() == 1
