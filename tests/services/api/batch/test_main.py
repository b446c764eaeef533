"""A folder cut out by the command line: results beside it, failures listed, and nothing done twice after a kill."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.api.batch import journal, rounds
from services.api.batch.__main__ import main
from tests.services import pictures
from tests.services.api.batch.conftest import Live, result_of

_ROOT = Path(__file__).parents[4]
_PATIENCE_S = 40


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "POLL_S", 0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures, two of them alike, in three folders, and what is no picture."""
    files = {
        "a.jpg": pictures.jpeg(),
        "a.png": pictures.png(shade=1),
        "b/c/deep.png": pictures.png(shade=2),
        "b/again.png": pictures.png(shade=2),
        "b/notes.txt": b"notes",
        ".hidden.png": pictures.png(shade=3),
    }
    made = tmp_path / "in"
    for name, data in files.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(data)
    return made


def _arguments(live: Live, folder: Path, *more: str) -> list[str]:
    return [str(folder), str(folder.parent / "out"), "--url", live.url, "--key", live.key, *more]


def _files(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != journal.NAME
    }


def _result(source: Path) -> bytes:
    return result_of(hashlib.sha256(source.read_bytes()).hexdigest())


def test_results_have_the_folders_and_names_of_their_pictures(
    live: Live, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(_arguments(live, folder)) == 0
    assert _files(folder.parent / "out") == {
        "a.jpg.png": _result(folder / "a.jpg"),
        "a.png.png": _result(folder / "a.png"),
        "b/c/deep.png": _result(folder / "b/c/deep.png"),
        "b/again.png": _result(folder / "b/again.png"),
    }
    assert live.claimed == 3  # equal contents are sent once
    assert "4 of 4 pictures are in" in capsys.readouterr().err


def test_a_second_run_does_only_what_is_new_or_changed(live: Live, folder: Path) -> None:
    main(_arguments(live, folder))
    (folder / "a.jpg").write_bytes(pictures.jpeg(shade=9))
    (folder / "new.png").write_bytes(pictures.png(shade=8))
    (folder.parent / "out/b/again.png").unlink()
    claimed = live.claimed
    assert main(_arguments(live, folder)) == 0
    found = _files(folder.parent / "out")
    assert (found["a.jpg.png"], found["new.png"]) == (_result(folder / "a.jpg"), _result(folder / "new.png"))
    assert found["b/again.png"] == _result(folder / "b/again.png")
    assert live.claimed == claimed + 3


def test_other_options_begin_anew(live: Live, folder: Path) -> None:
    main(_arguments(live, folder))
    claimed = live.claimed
    assert main(_arguments(live, folder, "--option", "crop=true")) == 0
    assert live.claimed == claimed + 3


def test_failures_are_listed_and_tried_again_by_the_next_run(
    live: Live, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "_MAX_BYTES", 5000)
    (folder / "b/broken.png").write_bytes(b"no picture")
    (folder / "large.png").write_bytes(bytes(5001))
    for _ in range(2):
        assert main(_arguments(live, folder)) == 1
        said = capsys.readouterr().err
        assert "b/broken.png: unsupported_image: " in said
        assert "large.png: body_too_large: " in said
        assert "4 of 6 pictures are in" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--key", "sk_wrong"), "refuses the key"),
        (("--option", "colour=red"), "invalid_request"),
        (("--url", "http://127.0.0.1:9"), "did not answer"),
    ],
)
def test_what_cannot_work_is_said(
    live: Live,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    change: tuple[str, str],
    words: str,
) -> None:
    monkeypatch.setattr("services.api.batch.client.PATIENCE_S", 0.5)
    assert main(_arguments(live, folder, *change)) == 2
    assert words in capsys.readouterr().err


def test_a_round_takes_as_many_as_a_batch_holds(live: Live, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "MOST", 2)
    assert main(_arguments(live, folder)) == 0
    assert len(_files(folder.parent / "out")) == 4


def test_a_batch_that_was_deleted_meanwhile_is_made_anew(live: Live, folder: Path) -> None:
    out = folder.parent / "out"
    out.mkdir()
    with journal.Journal(out, {"url": live.url, "options": {}}) as written:
        written.begin("00000000-0000-7000-8000-000000000000")
    assert main(_arguments(live, folder)) == 0


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A folder with nothing of the repository but the command line."""
    for name in ("services/__init__.py", "services/api/__init__.py"):
        (tmp_path / "alone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_ROOT / name, tmp_path / "alone" / name)
    shutil.copytree(_ROOT / "services/api/batch", tmp_path / "alone/services/api/batch")
    return tmp_path / "alone"


@pytest.fixture
def many(folder: Path) -> Path:
    for number in range(30):
        (folder / f"{number:02}.png").write_bytes(pictures.png(shade=100 + number))
    return folder


def _started(live: Live, folder: Path, stranger: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "services.api.batch", *_arguments(live, folder)],
        cwd=stranger,
        env={**os.environ, "PYTHONPATH": ""},
        stderr=subprocess.DEVNULL,
    )


def _eventually(condition: Iterator[bool]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not next(condition):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_killed_run_goes_on_where_it_was_and_nothing_is_sent_twice(live: Live, many: Path, stranger: Path) -> None:
    process = _started(live, many, stranger)
    _eventually(live.claimed >= 5 for _ in iter(int, 1))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert _started(live, many, stranger).wait(_PATIENCE_S) == 0
    found = _files(many.parent / "out")
    assert len(found) == 34
    assert all(found[f"{number:02}.png"] == _result(many / f"{number:02}.png") for number in range(30))
    assert live.claimed == 33
