"""Processes stop when asked, end when forced, and never outlive whoever started them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.process import Process, User, end_orphan
from tests.deploy.local.processes import ended, eventually

ROOT = Path(__file__).parents[3]
NOBODY = User(65534, 65534)
Begin = Callable[..., subprocess.Popen[bytes]]
FOREVER = ["sleep", "1000"]
STUBBORN = ["sh", "-c", "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 0.1; done"]


def test_lines_are_told_as_they_come_and_the_last_before_the_end(tmp_path: Path) -> None:
    lines: list[str] = []
    process = Process("talker", ["sh", "-c", "echo one; echo two >&2; exit 3"], folder=tmp_path, output=lines.append)
    process.start()
    eventually(lambda: process.exit_code() == 3, "an end with status 3")
    process.kill()
    assert lines == ["one", "two"]


def test_output_to_a_file_is_there_for_whoever_asks_why(tmp_path: Path) -> None:
    process = Process("talker", ["sh", "-c", "seq 9"], folder=tmp_path, output=tmp_path / "log")
    process.start()
    eventually(lambda: process.exit_code() == 0, "an end")
    assert process.last_words() == "5\n6\n7\n8\n9"


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
def test_a_process_dies_with_a_parent_that_is_killed(user: User, tmp_path: Path) -> None:
    if user.uid != os.geteuid() != 0:
        pytest.skip("only root may become somebody else")
    script = f"""
import pathlib, time
from deploy.local.process import Process, User
process = Process("child", {FOREVER}, folder=pathlib.Path("/"), output=print, user=User({user.uid}, {user.gid}))
process.start()
time.sleep(0.5)
print(process.pid, flush=True)
time.sleep(1000)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        first_line = parent.stdout.readline()
        owner = Path(f"/proc/{first_line.strip()}").stat().st_uid
        parent.kill()
    assert owner == user.uid
    child = int(first_line)
    eventually(lambda: ended(child), "the end of the orphan")


@pytest.fixture
def orphan() -> Iterator[Begin]:
    """Begins a process that is nobody's, and sees to its end."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(*command: str) -> subprocess.Popen[bytes]:
        begun.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        eventually(lambda: Path(f"/proc/{begun[-1].pid}/cmdline").read_bytes(), "a name")
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def test_an_orphan_is_ended_by_the_number_in_its_file(orphan: Begin, tmp_path: Path) -> None:
    process = orphan(*FOREVER)
    (tmp_path / "pid").write_text(f"{process.pid}\nmore\n")
    end_orphan(tmp_path / "pid", "sleep", signal.SIGTERM)
    assert process.wait(5) == -signal.SIGTERM


def test_an_orphan_that_does_not_listen_is_killed(orphan: Begin, tmp_path: Path) -> None:
    process = orphan("sh", "-c", "trap '' TERM; echo; while :; do sleep 0.1; done")
    assert process.stdout
    process.stdout.readline()
    (tmp_path / "pid").write_text(str(process.pid))
    end_orphan(tmp_path / "pid", "sh", signal.SIGTERM, within_s=0.1)
    assert process.wait(5) == -signal.SIGKILL


def test_a_number_that_now_means_somebody_else_is_left_alone(orphan: Begin, tmp_path: Path) -> None:
    process = orphan(*FOREVER)
    (tmp_path / "pid").write_text(str(process.pid))
    end_orphan(tmp_path / "pid", "postgres", signal.SIGTERM)
    assert process.poll() is None


@pytest.mark.parametrize("content", ["", "not a number", "999999999"])
def test_a_useless_number_means_no_orphan(content: str, tmp_path: Path) -> None:
    (tmp_path / "pid").write_text(content)
    end_orphan(tmp_path / "pid", "sleep", signal.SIGTERM)
    end_orphan(tmp_path / "absent", "sleep", signal.SIGTERM)
