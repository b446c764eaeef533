"""A newcomer's first minutes: a fresh clone, one command, a cut-out, Ctrl-C; and nothing is left behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest
import requests
from PIL import Image

from deploy.local import ports
from deploy.local.service import health
from deploy.local.settings import Settings
from tests.deploy.local.processes import ended, eventually

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 60  # far more than any of this takes
ENDED_S = 5  # promised after a SIGKILL
# Settings of the person who runs the tests, and coverage, which would count the clone as other code.
NOT_OURS = ("COV", "DATA", "MODELS", "R2_", "REDIS", "REMBG", "SECRET", "STRIPE")


class Clone:
    """The tracked files in a new folder, with the environment of this very test."""

    def __init__(self, parent: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="clone-", dir=parent))
        self.folder.chmod(0o711)
        self.ports = {name: str(ports.free()) for name in Settings.read({}).ports}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
        self.environment = inherited | self.ports
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        for path in filter(None, tracked.decode().split("\0")):
            if (ROOT / path).is_file():
                (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, self.folder / path)

    def start(self, module: str, *arguments: str, **environment: str) -> "Command":
        return Command(self, [sys.executable, "-m", module, *arguments], self.environment | environment)

    def run(self) -> "Command":
        """Start `make run` and wait for its report."""
        command = self.start("deploy.local")
        try:
            eventually(lambda: "Open http" in command.said() or command.ended(), "a report", within_s=TIMEOUT_S)
        except pytest.fail.Exception as failed:
            failed.add_note(command.said())
            raise
        assert not command.ended(), command.said()
        return command

    def demo(self, image: str, out: Path) -> "Command":
        """Run `make demo` to its end."""
        command = self.start("deploy.local.demo", image, str(out))
        command.process.wait(TIMEOUT_S)
        return command

    def secrets(self) -> list[str]:
        """Return the secrets that are created with a data folder."""
        return [(self.folder / "data" / name).read_text() for name in ("secret_key", "postgres/password")]

    def left(self) -> list[int]:
        """Return the processes of this clone, recognised by their working directory."""
        return [process.pid for process in psutil.process_iter() if _stands_in(process, self.folder)]

    def of(self, program: str) -> list[int]:
        """Return those that run a program."""
        return [pid for pid in self.left() if program in _command_line(pid)]


class Command:
    """A command started in the clone."""

    def __init__(self, clone: Clone, command: list[str], environment: dict[str, str]) -> None:
        self._clone = clone
        self._log = Path(tempfile.mkstemp(prefix="log-", dir=clone.folder)[1])
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=clone.folder, env=environment, stdout=log, stderr=log)

    def said(self) -> str:
        return self._log.read_text()

    def ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self, number: signal.Signals) -> None:
        """Ask it to stop and check that it does so properly."""
        self.process.send_signal(number)
        assert self.process.wait(TIMEOUT_S) == 0
        assert self.said().endswith("\nStopping ...\nstopped\n")
        assert self._clone.left() == []


@contextmanager
def cloned(parent: Path) -> Iterator[Clone]:
    clone = Clone(parent)
    yield clone
    for pid in clone.left():
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def _idle(open_folder: Path) -> Iterator[Clone]:
    with cloned(open_folder) as clone:
        yield clone


@pytest.fixture
def clone(_idle: Clone) -> Clone:
    """A clone without data in which nothing runs."""
    shutil.rmtree(_idle.folder / "data", ignore_errors=True)
    return _idle


@pytest.fixture(scope="module")
def running(open_folder: Path) -> Iterator[tuple[Clone, Command]]:
    """A clone in which the system runs."""
    with cloned(open_folder) as clone:
        command = clone.run()
        yield clone, command
        command.stop(signal.SIGTERM)


def test_a_kill_ends_every_process_even_a_hung_one_and_the_next_run_keeps_the_data(clone: Clone) -> None:
    command = clone.run()
    assert is_a_cutout(clone.folder / "data" / "sample-cutout.png")
    assert f"Open http://localhost:{clone.ports['PORT']} " in command.said()
    secrets = clone.secrets()
    os.kill(min(clone.of("services.worker.app")), signal.SIGSTOP)
    command.process.kill()
    command.process.wait()
    eventually(lambda: not clone.left(), "the end of all", within_s=ENDED_S)
    (clone.folder / "data" / "sample-cutout.png").unlink()
    command = clone.run()
    assert is_a_cutout(clone.folder / "data" / "sample-cutout.png")
    assert clone.secrets() == secrets
    command.stop(signal.SIGINT)


def test_a_port_in_use_ends_the_start_with_a_message_and_leaves_nothing(clone: Clone) -> None:
    with socket.create_server(("127.0.0.1", int(clone.ports["REMBG_PORT"]))):
        command = clone.start("deploy.local")
        assert command.process.wait(TIMEOUT_S) == 1
    assert f"port {clone.ports['REMBG_PORT']} is in use" in command.said()
    assert "Traceback" not in command.said()
    assert clone.left() == []


def test_a_missing_model_ends_the_start_with_the_reason(clone: Clone) -> None:
    command = clone.start("deploy.local", REMBG_MODEL="u2net")
    assert command.process.wait(TIMEOUT_S) == 1
    assert "rembg ended with status" in command.said()
    assert "make models" in command.said()
    assert clone.left() == []


def test_a_demo_starts_the_system_for_one_picture_and_stops_it(clone: Clone) -> None:
    demo = clone.demo("deploy/local/sample.jpg", clone.folder / "cut out.png")
    assert demo.process.returncode == 0, demo.said()
    assert is_a_cutout(clone.folder / "cut out.png")
    assert clone.left() == []


def test_a_demo_uses_the_running_system(running: tuple[Clone, Command]) -> None:
    clone, _ = running
    demo = clone.demo("deploy/local/sample.jpg", clone.folder / "cut.png")
    assert demo.process.returncode == 0, demo.said()
    assert "Starting" not in demo.said()
    assert f", by `make run` at http://127.0.0.1:{clone.ports['PORT']}" in demo.said()
    assert is_a_cutout(clone.folder / "cut.png")


def test_a_new_system_has_a_shop_to_look_at(running: tuple[Clone, Command]) -> None:
    clone, _ = running
    address = f"http://127.0.0.1:{clone.ports['PORT']}"
    items = requests.get(f"{address}/api/products", timeout=TIMEOUT_S).json()["items"]
    assert [item["slug"] for item in items[:3]] == ["classic-t-shirt", "heavyweight-t-shirt", "pullover-hoodie"]
    for item in items:
        picture = requests.get(f"{address}{item['image']['url']}?w=400", timeout=TIMEOUT_S)
        assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/webp"), item
    again = clone.start("deploy.local.seed")
    assert again.process.wait(TIMEOUT_S) == 0, again.said()
    assert f"`make run` at {address}:\n0 products of the sample shop added" in again.said()


@pytest.mark.parametrize(
    ("image", "out", "words"),
    [
        ("nowhere.jpg", "none.png", "there is no picture nowhere.jpg\n"),
        ("deploy/local/sample.jpg", "no/such/cut.png", "there is no folder {folder}/no/such to write to\n"),
        (
            "Makefile",
            "none.png",
            (
                "unsupported_image: This file is not a picture in a known format. "
                "Accepted are JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP and SVG.\n"
            ),
        ),
    ],
)
def test_a_demo_that_fails_says_why(image: str, out: str, words: str, running: tuple[Clone, Command]) -> None:
    clone, _ = running
    demo = clone.demo(image, Path(out))
    assert (demo.process.returncode, demo.said()) == (1, words.format(folder=clone.folder))
    assert not (clone.folder / out).exists()


def test_the_report_says_plainly_that_no_money_moves(running: tuple[Clone, Command]) -> None:
    clone, command = running
    address = f"http://127.0.0.1:{clone.ports['STRIPE_DOUBLE_PORT']}"
    assert f"payments  TEST MODE: no money moves; a double of Stripe at {address} takes" in command.said()


def test_a_story_is_told_in_the_running_system(running: tuple[Clone, Command]) -> None:
    clone, _ = running
    story = clone.start("deploy.local.story")
    assert story.process.wait(TIMEOUT_S) == 0, story.said()
    assert story.said().startswith(f"In `make run` at http://127.0.0.1:{clone.ports['PORT']}:\n")
    assert story.said().endswith("\nEverything went as it should.\n")


def test_a_story_needs_the_double(clone: Clone) -> None:
    story = clone.start("deploy.local.story", STRIPE_SECRET_KEY="sk_test_12345678")
    assert story.process.wait(TIMEOUT_S) == 1
    assert story.said().startswith("\nThe story ends here: it pays with test money of the double of Stripe")
    assert clone.left() == []


def test_only_the_user_of_the_command_can_read_the_data(running: tuple[Clone, Command]) -> None:
    clone, _ = running
    data = clone.folder / "data"
    weights = data / "models"  # public, and read by containers
    paths = [p for p in data.rglob("*") if not p.is_symlink() and weights not in (p, *p.parents)]
    assert {path.name for path in paths} >= {"objects", "appendonlydir", "secret_key", "lock", "stripe-double.jsonl"}
    assert {str(path): oct(path.stat().st_mode) for path in paths if path.stat().st_mode & 0o077} == {}


def test_a_second_run_in_the_same_folder_is_refused_with_a_message(running: tuple[Clone, Command]) -> None:
    clone, command = running
    second = clone.start("deploy.local", PORT=str(ports.free()))
    assert second.process.wait(TIMEOUT_S) == 1
    assert f"data is in use by process {command.process.pid}; stop that one" in second.said()
    assert "Traceback" not in second.said()


def test_a_key_made_beside_a_run_opens_its_api_as_printed(running: tuple[Clone, Command]) -> None:
    clone, _ = running
    environment = clone.environment | {"PORT": "", "DATABASE_URL": ""}  # those of another terminal
    command = [sys.executable, "-m", "deploy.local.key", "shop", "admin"]
    made = subprocess.run(command, cwd=clone.folder, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    line = next(line for line in made.stderr.splitlines() if line.startswith("  curl"))
    assert f" http://localhost:{clone.ports['PORT']}/" in line
    answer = subprocess.run(["sh", "-c", f"{line} --fail --silent"], capture_output=True, check=False)
    assert b'"states"' in answer.stdout


def test_a_crashed_process_is_restarted(running: tuple[Clone, Command]) -> None:
    clone, _ = running
    services = ("services.api.wsgi", "services.rembg.wsgi", "services.worker.app", "deploy.local.stripe_double")
    for name in ("valkey-server", "postgres", *services):
        master = min(clone.of(name))
        os.kill(master, signal.SIGKILL)
        eventually(partial(ended, master), f"the end of {name}")

    def works() -> bool:
        answers = health(int(clone.ports["PORT"])) == 200
        return answers and clone.demo("deploy/local/sample.jpg", clone.folder / "again.png").process.returncode == 0

    eventually(works, "a cut-out from what came back", TIMEOUT_S)


def is_a_cutout(path: Path) -> bool:
    with Image.open(path) as picture:
        return (picture.format, picture.mode) == ("PNG", "RGBA")


def _command_line(pid: int) -> str:
    """Empty for a process that has just ended."""
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def _stands_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(folder)
    except psutil.Error:
        return False
