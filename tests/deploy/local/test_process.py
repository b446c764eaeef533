"""Processes stop when asked, end when forced, and never outlive their parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.process import Process, User, end_orphan
from tests.deploy.local.processes import ended, eventually

ROOT = Path(__file__).parents[3]
NOBODY = User(65534, 65534)
FOREVER = ["sleep", "1000"]
ENDED_S = 5  # after the parent was killed
STUBBORN = ["sh", "-c", "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 0.1; done"]


def test_lines_are_told_as_they_come_and_the_last_before_the_end(tmp_path: Path) -> None:
    lines: list[str] = []
    process = Process("talker", ["sh", "-c", "echo one; echo two >&2; exit 3"], folder=tmp_path, output=lines.append)
    process.start()
    eventually(lambda: process.exit_code() == 3, "an end with status 3")
    process.kill()
    assert lines == ["one", "two"]


def test_the_end_of_output_in_a_file_can_be_shown(tmp_path: Path) -> None:
    process = Process("talker", ["sh", "-c", "seq 9"], folder=tmp_path, output=tmp_path / "log")
    process.start()
    eventually(lambda: process.exit_code() == 0, "an end")
    assert process.log_tail() == "5\n6\n7\n8\n9"


def test_a_stop_is_a_request_first(tmp_path: Path) -> None:
    lines: list[str] = []
    command = ["sh", "-c", "trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.02; done"]
    process = Process("polite", command, folder=tmp_path, output=lines.append)
    process.start()
    eventually(lambda: lines == ["up"], "a start")
    process.stop()
    assert lines == ["up", "bye"]


def test_what_does_not_stop_is_ended_with_all_it_started(tmp_path: Path) -> None:
    lines: list[str] = []
    process = Process("stubborn", STUBBORN, folder=tmp_path, output=lines.append, stop_s=0.2)
    process.start()
    eventually(lambda: lines, "a start")
    pids = [process.pid or 0, int(lines[0])]
    process.stop()
    eventually(lambda: all(map(ended, pids)), "the end of both")


def test_stopping_twice_or_before_the_start_is_harmless(tmp_path: Path) -> None:
    process = Process("sleeper", FOREVER, folder=tmp_path, output=tmp_path / "log")
    process.stop()
    process.start()
    process.stop()
    process.stop()
    assert process.pid is None


@pytest.mark.parametrize("user", [User(os.geteuid(), os.getegid()), NOBODY], ids=["same-user", "other-user"])
def test_a_process_ends_with_a_parent_that_is_killed(user: User) -> None:
    if user.uid != os.geteuid() != 0:
        pytest.skip("only root may become another user")
    script = f"""
import pathlib, time
from deploy.local.process import Process, User
process = Process("child", {FOREVER}, folder=pathlib.Path("/"), output=print, user=User({user.uid}, {user.gid}))
process.start()
print(process.pid, flush=True)
time.sleep(1000)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        first_line = parent.stdout.readline()
        child = int(first_line)
        eventually(lambda: psutil.Process(child).name() == FOREVER[0], "its program")
        owner = psutil.Process(child).uids().real
        parent.kill()
    assert owner == user.uid
    eventually(lambda: ended(child), "the end of the orphan")


def test_what_ignores_the_request_to_end_with_its_parent_is_killed_with_all_it_started() -> None:
    script = f"""
import pathlib, time
from deploy.local.process import Process
process = Process("stubborn", {STUBBORN!r}, folder=pathlib.Path("/"), output=lambda line: print(line, flush=True))
process.start()
print(process.pid, flush=True)
time.sleep(1000)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pids = [int(parent.stdout.readline()) for _ in range(2)]
        group = os.getpgid(pids[0])
        parent.kill()
    eventually(lambda: all(map(ended, pids)), "the end of both", within_s=ENDED_S)
    eventually(lambda: not members(group), "the end of the watcher")


@pytest.mark.parametrize("end", [Process.stop, Process.kill])
def test_no_watcher_outlives_a_process_that_was_stopped(end: Callable[[Process], None], tmp_path: Path) -> None:
    process = Process("sleeper", FOREVER, folder=tmp_path, output=tmp_path / "log")
    process.start()
    group = process.pid or 0
    eventually(lambda: len(members(group)) > 1, "a watcher")
    end(process)
    eventually(lambda: not members(group), "the end of the watcher")


def members(group: int) -> list[int]:
    """The processes of a group that have not ended."""
    return [pid for pid in psutil.pids() if _group(pid) == group and not ended(pid)]


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[int]:
    """A shell whose parent is gone; asked to end, it writes a file `asked` and ends unless there is a file `deaf`."""
    script = "trap 'touch asked; test -e deaf || exit' TERM; touch up; while :; do sleep 0.02; done"
    start = ["sh", "-c", 'sh -c "$0" >/dev/null 2>&1 & echo $!', script]
    pid = int(subprocess.run(start, cwd=tmp_path, stdout=subprocess.PIPE, check=True).stdout)
    eventually((tmp_path / "up").exists, "a start")
    (tmp_path / "pid").write_text(f"{pid}\nmore\n")
    yield pid
    if not ended(pid):
        os.kill(pid, signal.SIGKILL)


def test_an_orphan_is_ended_by_the_number_in_its_file(orphan: int, tmp_path: Path) -> None:
    end_orphan(tmp_path / "pid", "sh", signal.SIGTERM)
    assert ended(orphan)
    assert (tmp_path / "asked").exists()


def test_an_orphan_that_does_not_listen_is_killed(orphan: int, tmp_path: Path) -> None:
    (tmp_path / "deaf").touch()
    end_orphan(tmp_path / "pid", "sh", signal.SIGTERM, within_s=0.2)
    assert ended(orphan)


def test_a_number_that_now_means_another_program_is_left_alone(orphan: int, tmp_path: Path) -> None:
    end_orphan(tmp_path / "pid", "postgres", signal.SIGTERM)
    assert not ended(orphan)
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize("content", ["", "not a number", "999999999"])
def test_a_useless_number_means_no_orphan(content: str, tmp_path: Path) -> None:
    (tmp_path / "pid").write_text(content)
    end_orphan(tmp_path / "pid", "sleep", signal.SIGTERM)
    end_orphan(tmp_path / "absent", "sleep", signal.SIGTERM)
