"""Children of our own making, with one life each: they are restarted, given up, and stopped in reverse order."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.errors import CommandError
from deploy.local.process import Process
from deploy.local.supervisor import CRASHES, Supervisor, await_ready
from tests.deploy.local.processes import bearing, eventually

STAYS = "trap 'echo {name} down; exit' TERM; echo {name} up; while :; do sleep 0.02; done"


class Nursery:
    """A supervisor, and the lines its children and itself have said."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.supervisor = Supervisor(self.said.append, backoff_s=0.01)
        self._folder = folder

    def start(self, name: str, script: str) -> Process:
        words = script.format(name=name)
        process = Process(name, ["sh", "-c", words, str(self._folder)], folder=self._folder, output=self.said.append)
        self.supervisor.start(process)
        return process

    def look_until(self, line: str) -> None:
        def seen() -> bool:
            self.supervisor.look()
            return line in self.said

        eventually(seen, line)


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path)
    yield nursery
    nursery.supervisor.stop()
    eventually(lambda: not bearing(str(tmp_path)), "nothing left")


def test_the_last_started_is_stopped_first(nursery: Nursery) -> None:
    for name in ("a", "b", "c"):
        nursery.start(name, STAYS)
        nursery.look_until(f"{name} up")
    nursery.supervisor.stop()
    assert nursery.said[-3:] == ["c down", "b down", "a down"]


def test_what_crashes_is_started_again(nursery: Nursery, tmp_path: Path) -> None:
    nursery.start("once", f"if mkdir {tmp_path}/lived; then exit 7; fi; {STAYS}")
    nursery.look_until("once up")
    assert "once ended with status 7; starting it again in 0.01 s" in nursery.said


def test_waits_double_while_crashes_go_on(nursery: Nursery) -> None:
    nursery.start("doomed", "exit 1")
    nursery.look_until("doomed ended with status 1; starting it again in 0.04 s")


def test_what_keeps_crashing_is_given_up(nursery: Nursery) -> None:
    nursery.start("doomed", "exit 1")
    with pytest.raises(CommandError, match=f"doomed crashed {CRASHES} times within a minute"):
        nursery.look_until("never")


def test_a_crash_leaves_nothing_of_its_group(nursery: Nursery, tmp_path: Path) -> None:
    process = nursery.start("master", f"sh -c 'while :; do sleep 0.02; done' {tmp_path}/worker & {STAYS}")
    nursery.look_until("master up")
    eventually(lambda: bool(bearing(f"{tmp_path}/worker\0")), "its worker")
    worker = min(bearing(f"{tmp_path}/worker\0"))  # not the `sleep` that it is about to become
    os.kill(process.pid or 0, signal.SIGKILL)
    nursery.look_until("master ended with status -9; starting it again in 0.01 s")
    eventually(lambda: worker not in bearing(str(tmp_path)), "the end of its worker")


def test_other_children_are_looked_after_while_one_waits_for_its_restart(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append, backoff_s=60)
    for name in ("first", "second"):
        supervisor.start(Process(name, ["sh", "-c", "exit 1"], folder=tmp_path, output=said.append))

    def both_noticed() -> bool:
        supervisor.look()
        return len(said) == 2

    eventually(both_noticed, "a word about each")
    supervisor.stop()


def test_an_end_while_starting_is_told_with_its_last_words(tmp_path: Path) -> None:
    class NeverReady(Process):
        def ready(self) -> bool:
            return False

    process = NeverReady(
        "server", ["sh", "-c", "echo no such option; exit 2"], folder=tmp_path, output=tmp_path / "log"
    )
    process.start()
    with pytest.raises(CommandError, match=r"(?s)server ended with status 2 while starting.*no such option"):
        await_ready(process)


def test_a_start_that_takes_too_long_is_trouble(tmp_path: Path) -> None:
    class NeverReady(Process):
        def ready(self) -> bool:
            return False

    process = NeverReady("server", ["sleep", "1000"], folder=tmp_path, output=tmp_path / "log")
    process.start()
    began = time.monotonic()
    with pytest.raises(CommandError, match="not ready after 0 s"):
        await_ready(process, within_s=0.1)
    assert time.monotonic() - began < 10
    process.stop()
