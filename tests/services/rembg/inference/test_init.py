"""The threads of a network lower their priority where each has its own."""

import os
import sys

import pytest

from services.rembg import inference


@pytest.mark.parametrize(("system", "asked"), [("linux", [5]), ("darwin", [])])
def test_only_where_a_thread_has_a_niceness_of_its_own_its_priority_is_lowered(
    system: str, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    niced: list[int] = []
    monkeypatch.setattr(os, "nice", niced.append)
    monkeypatch.setattr(sys, "platform", system)
    inference.lower_priority()
    assert niced == asked
