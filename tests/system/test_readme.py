"""README's examples run as they stand: its blocks for the shell in bash and zsh, and its programs.

Only the ports of `make run` become those of the system under test.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.stack import RunningStack

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
_BLOCK = re.compile(r"^```(sh|python|js)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = _BLOCK.findall(README)
SHELL = [text for language, text in BLOCKS if language == "sh"]
PROGRAMS = [(language, text) for language, text in BLOCKS if "KEY" in text and language != "sh"]  # others are for pages
_WRITTEN = re.compile(r"(?:-[co] |OUT=|as `)(jar\b|\w+\.[a-z.]+)")
_COMMANDS = {"python": (sys.executable, "-"), "js": ("node", "--input-type=module", "-")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where files may be left, with the sample where README has it."""
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    return tmp_path


def _run(command: tuple[str, ...], text: str, stack: RunningStack, key: str, folder: Path) -> str:
    if any(shutil.which(name) is None for name in (command[0], *(["curl", "jq"] if "curl" in text else []))):
        pytest.skip(f"{command[0]}, curl or jq is not on this machine")
    settings = stack.settings
    text = text.replace("localhost:8000", f"127.0.0.1:{settings.api_port}")
    text = text.replace("localhost:7000", f"127.0.0.1:{settings.rembg_port}")
    environment = {**os.environ, "KEY": key, "NO_PROXY": "127.0.0.1"}
    said = subprocess.run(
        command, input=text, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (said.returncode, said.stderr) == (0, ""), said.stdout
    assert not re.search(r'"error": ?\{', said.stdout)
    return said.stdout


def _is_cut_out(folder: Path) -> bool:
    with Image.open(folder / "cut.png") as image:
        return image.getchannel("A").getextrema() == (0, 255)


@pytest.mark.parametrize("shell", [("bash", "-e"), ("zsh", "-fe")], ids=["bash", "zsh"])
@pytest.mark.parametrize("text", SHELL, ids=[f"block {number}" for number in range(len(SHELL))])
def test_a_block_for_the_shell_runs(
    shell: tuple[str, ...], text: str, stack: RunningStack, admin_key: str, folder: Path
) -> None:
    said = _run(shell, text, stack, admin_key, folder)
    if "cut.png" in text:
        assert _is_cut_out(folder)
    elif "tee.webp" in text:
        assert '"totalCents"' in said
        assert said.endswith('@example.com"\nParty\n')
        with Image.open(folder / "tee.webp") as mockup:
            assert mockup.size == (1200, 1200)
    else:
        assert '"dailyBudgetUsd"' in said
        assert '"percent":25' in said
        _run(shell, text.replace("25", "100"), stack, admin_key, folder)


@pytest.mark.parametrize(("language", "text"), PROGRAMS, ids=[language for language, _ in PROGRAMS])
def test_a_program_cuts_a_picture_out_with_a_key(
    language: str, text: str, stack: RunningStack, admin_key: str, folder: Path
) -> None:
    _run(_COMMANDS[language], text, stack, admin_key, folder)
    assert _is_cut_out(folder)


def test_readme_has_examples_for_the_shell_python_and_javascript() -> None:
    assert len(SHELL) >= 3
    assert {language for language, _ in PROGRAMS} == {"python", "js"}


def test_git_ignores_what_the_examples_write() -> None:
    written = {"cutout.png", *_WRITTEN.findall(README)}  # the first by `make demo` without OUT
    assert written >= {"cut.mjs", "cut.png", "jar", "shop.d.ts"}
    ignored = subprocess.run(["git", "check-ignore", *written], cwd=ROOT, capture_output=True, text=True, check=False)
    assert set(ignored.stdout.split()) == written
