"""The doorway explains itself, refuses what cannot work, and does nothing twice."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("api", "print", "mockups", "rembg", "local", "dev")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a clone as make looks at."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for lock in LOCKS:
        (tmp_path / "requirements").mkdir(exist_ok=True)
        (tmp_path / "requirements" / f"{lock}.txt").touch()
    return tmp_path


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    outer = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")  # of the make that may be running this test
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    command = ["make", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_make_alone_explains_every_target(clone: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (clone / "Makefile").read_text(), re.MULTILINE)
    shown = make(clone).stdout
    assert [line.split()[1] for line in shown.splitlines()] == targets
    assert all(len(line.split()) > 3 for line in shown.splitlines())


@pytest.mark.parametrize("version", ["3, 10, 0", "2, 7, 18", "3, 15, 0"])
def test_a_python_that_cannot_work_is_refused_in_a_sentence(version: str, clone: Path) -> None:
    python = clone / "python"
    python.write_text(
        f"#!/bin/sh\nexec python3 -c 'import sys; sys.version_info = ({version}); exec(sys.argv[2])' \"$@\"\n"
    )
    python.chmod(0o755)
    done = make(clone, "setup", f"PYTHON={python}")
    major, minor, _ = version.split(", ")
    assert done.returncode != 0
    assert f"Python 3.11 to 3.14 is needed, and {python} is {major}.{minor}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (clone / ".venv" / ".made").exists()


def test_a_finished_installation_is_not_done_again(clone: Path) -> None:
    (clone / ".venv").mkdir()
    for stamp in (".made", ".runtime", ".dev"):
        (clone / ".venv" / stamp).touch()
    assert make(clone, "--question", "setup").returncode == 0
    os.utime(clone / "requirements" / "rembg.txt", (2**31, 2**31))
    assert make(clone, "--question", "setup").returncode == 1


def test_a_key_is_made_in_the_containers_where_they_run(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = _script(
        clone / "bin" / "docker",
        "case \"$*\" in *' ps '*) printf 'front\\napi\\n' ;; *' port '*) echo 127.0.0.1:8080 ;;\n"
        """*) shift; for word; do printf '<%s>' "$word"; done ;; esac""",
    )
    monkeypatch.setenv("PATH", f"{docker.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    done = make(clone, "key", "NAME=the shop's", "SCOPE=admin")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "A key of the containers at http://127.0.0.1:8080:\n"
    assert done.stdout == (
        "<exec><-T><api><python><-m><services.api.keys><create><--scope=admin>"
        "<--local-address=http://127.0.0.1:8080><--><the shop's>"
    )


@pytest.mark.parametrize(("chosen", "seeded"), [("exit 0", "containers"), ("exit 1", "run")])
def test_the_running_system_that_was_chosen_is_seeded(
    chosen: str, seeded: str, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _script(
        clone / ".venv" / "bin" / "python",
        f'case "$2" in deploy.local.running_system) {chosen} ;; deploy.local.seed) echo "run $*" ;; esac',
    )
    for stamp in (".made", ".runtime"):
        (clone / ".venv" / stamp).touch()
    _script(
        clone / "bin" / "docker",
        "case \"$*\" in *' ps '*) echo api ;; *' port '*) echo 127.0.0.1:8080 ;; *) echo \"containers $*\" ;; esac",
    )
    monkeypatch.setenv("PATH", f"{clone / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    said = make(clone, "seed", "SCALE=100").stdout
    expected = {
        "containers": "The sample shop of the containers at http://127.0.0.1:8080:\n"
        "containers compose exec -T api python -m deploy.seed 100\n",
        "run": "run -m deploy.local.seed 100\n",
    }
    assert said == expected[seeded]


def test_nothing_but_the_key_goes_to_standard_output(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _script(clone / ".venv" / "bin" / "python", 'case "$2" in deploy.local.key) echo sk_1 ;; esac')
    _script(clone / "bin" / "docker", "exit 1")
    monkeypatch.setenv("PATH", f"{clone / 'bin'}{os.pathsep}{os.environ['PATH']}")
    first, second = (make(clone, "key", "NAME=shop") for _ in range(2))
    assert "Installing" in first.stderr
    assert (first.stdout, second.stdout, second.stderr) == ("sk_1\n", "sk_1\n", "")


def test_the_first_run_says_at_once_that_it_creates_the_environment(clone: Path) -> None:
    _script(clone / "python", 'case "$2" in venv) echo made >&2 ;; esac')
    done = make(clone, ".venv/.made", f"PYTHON={clone / 'python'}")
    assert done.stderr.startswith("Creating .venv (once; up to half a minute) ...\nmade\n")


def test_a_key_needs_a_name(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NAME", raising=False)
    done = make(clone, "key")
    assert done.returncode != 0
    assert "Name the key: make key NAME=shop SCOPE=premium" in done.stderr


def test_down_removes_the_unnamed_volumes_and_leaves_the_named(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _script(clone / "bin" / "docker", 'echo "$*"')
    monkeypatch.setenv("PATH", f"{clone / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert make(clone, "down").stdout.splitlines() == [
        "compose --profile * rm --stop --force --volumes",  # of containers: compose's rm leaves named volumes
        "compose --profile * down",
    ]


def test_clean_leaves_the_data(clone: Path) -> None:
    for folder in ("data", ".venv", "shared/__pycache__", "bench", "research", "services", "deploy", "tests"):
        (clone / folder).mkdir(parents=True)
    assert make(clone, "clean").returncode == 0
    assert (clone / "data").exists()
    assert not (clone / ".venv").exists()
    assert not (clone / "shared" / "__pycache__").exists()
