"""Every lock names the extras that its packages ask for."""

import re
from pathlib import Path

import pytest

from tests.architecture.lock_extras import unnamed_extras
from tests.architecture.rules import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_names_the_extras_its_packages_ask_for(lock: Path) -> None:
    assert unnamed_extras(lock.read_text()) == []


def test_an_extra_stripped_from_a_lock_is_reported() -> None:
    lock = (ROOT / "requirements" / "dev.txt").read_text()
    assert "pytest-cov asks for coverage[toml]" in unnamed_extras(lock.replace("coverage[toml]==", "coverage=="))


def test_an_extra_of_an_extra_is_reported() -> None:
    lock = re.sub(r"kombu\[redis\]==", "kombu==", (ROOT / "requirements" / "worker.txt").read_text())
    assert unnamed_extras(lock) == ["celery asks for kombu[redis]"]
