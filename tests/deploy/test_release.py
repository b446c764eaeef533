"""`make release` builds the images and tags them with the one version, whose notes are in the changelog."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from shared.version import VERSION

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of which version 1.2.3 is to be released, and a docker that writes down what it is told."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "version.py").write_text('"""The version."""\n\nVERSION = "1.2.3"\n')
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\necho "$*" >> calls\n')
    docker.chmod(0o755)
    return tmp_path


def release(clone: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{clone}:{os.environ['PATH']}"}
    return subprocess.run(["make", "release"], cwd=clone, env=environment, capture_output=True, text=True, check=False)


def test_images_are_built_and_tagged_with_the_version(clone: Path) -> None:
    (clone / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.3 - 2026-11-30\n")
    services = ("api", "worker", "worker-print", "mockups", "rembg")
    assert release(clone).stdout.split() == [f"stolentee-{service}:1.2.3" for service in services]
    tagged = [f"tag stolentee-{service} stolentee-{service}:1.2.3" for service in services]
    assert (clone / "calls").read_text().splitlines() == ["compose build --quiet", *tagged]


def test_a_version_without_notes_is_not_released(clone: Path) -> None:
    (clone / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 1.2.2 - 2026-10-30\n")
    done = release(clone)
    assert done.returncode != 0
    assert 'CHANGELOG.md has no section "## 1.2.3 - DATE"' in done.stderr
    assert not (clone / "calls").exists()


def test_the_notes_of_this_version_are_written() -> None:
    assert VERSION in re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
