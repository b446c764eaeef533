"""A picture may kill its decoder process, which must not affect the api."""

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from services.api.decoder import process as one
from services.api.decoder.pool import CHILDREN, Decoder
from shared import errors, images, timeouts
from shared.image_format.structure import Format
from tests.processes import linux_only
from tests.services import pictures

GOOD = pictures.jpeg()
INFO = images.inspect(GOOD)


@pytest.fixture
def single_child() -> Iterator[Decoder]:
    """A decoder with one child, which a test may kill."""
    made = Decoder(children=1)
    made.start()
    yield made
    made.stop()


def _pid(decoder: Decoder) -> int:
    return decoder._children[0]._process.pid


def _verify_signalled(decoder: Decoder, number: signal.Signals) -> None:
    """Verify a picture, and send the signal to the child meanwhile."""
    pid, child = _pid(decoder), decoder._children[0]
    asked = child._requests
    os.kill(pid, signal.SIGSTOP)

    def send() -> None:
        while child._requests == asked:
            time.sleep(0.001)
        os.kill(pid, number)
        os.kill(pid, signal.SIGCONT)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        decoder.verify(GOOD, INFO)
    finally:
        sender.join()


def test_the_failure_of_verification_is_passed_on(decoder: Decoder) -> None:
    decoder.verify(GOOD, INFO)
    half = GOOD[: len(GOOD) // 2] + b"\xff\xd9"
    with pytest.raises(errors.UnreadableImage):
        decoder.verify(half, images.inspect(half))


def test_the_ink_of_a_picture_is_measured_in_a_child(decoder: Decoder) -> None:
    cutout, clear = pictures.cutout(), pictures.clear()
    assert decoder.ink_size(cutout, images.inspect(cutout)) == (10, 8)
    with pytest.raises(errors.NoInk):
        decoder.ink_size(clear, images.inspect(clear))


def test_a_refusal_has_its_message_and_details(decoder: Decoder) -> None:
    with pytest.raises(errors.UnsupportedImage, match="kind of TIFF"):
        decoder.convert(pictures.encoded(Image.new("F", (64, 64)), "TIFF"), Format.TIFF)
    with pytest.raises(errors.ImageTooSmall) as small:
        decoder.convert(pictures.encoded(Image.new("L", (9, 64)), "BMP"), Format.BMP)
    assert small.value.details == {"width": 9, "height": 64, "minSide": images.MIN_SIDE}


@pytest.mark.parametrize(
    ("number", "failure"),
    [
        (signal.SIGSEGV, errors.UnreadableImage),
        (signal.SIGXCPU, errors.TooComplex),
        (signal.SIGKILL, errors.Busy),
    ],
)
def test_a_death_affects_only_the_current_picture(
    single_child: Decoder, number: signal.Signals, failure: type[errors.Failure]
) -> None:
    before = _pid(single_child)
    with pytest.raises(failure):
        _verify_signalled(single_child, number)
    single_child.verify(GOOD, INFO)
    assert _pid(single_child) != before


def test_the_death_of_an_idle_child_affects_no_request(single_child: Decoder) -> None:
    os.kill(_pid(single_child), signal.SIGKILL)
    os.waitid(os.P_PID, _pid(single_child), os.WEXITED | os.WNOWAIT)
    single_child.verify(GOOD, INFO)


def test_callers_are_told_to_retry_when_no_child_can_be_started(
    single_child: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr(subprocess, "Popen", exhausted)
    with pytest.raises(errors.UnreadableImage):
        _verify_signalled(single_child, signal.SIGSEGV)
    with pytest.raises(errors.Busy):
        single_child.verify(GOOD, INFO)
    monkeypatch.undo()
    single_child.verify(GOOD, INFO)


def test_waiting_for_a_silent_child_has_a_deadline(single_child: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "DECODE_S", 0.1)
    os.kill(_pid(single_child), signal.SIGSTOP)
    with pytest.raises(errors.Busy):
        single_child.verify(GOOD, INFO)
    monkeypatch.undo()
    single_child.verify(GOOD, INFO)


@linux_only
def test_a_picture_that_needs_more_memory_than_allowed_is_refused(single_child: Decoder) -> None:
    large = pictures.encoded(pictures.drawn(2000, 2000), "JPEG", progressive=True)
    now = int(Path(f"/proc/{_pid(single_child)}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(_pid(single_child), resource.RLIMIT_AS, (now + (4 << 20), now + (4 << 20)))
    with pytest.raises((errors.TooComplex, errors.UnreadableImage)):  # libjpeg does not report that memory ran out
        single_child.verify(large, images.inspect(large))
    single_child.verify(GOOD, INFO)


def test_a_child_is_replaced_after_its_share_of_pictures(
    single_child: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one, "SHARE", 3)
    seen = []
    for _ in range(4):
        single_child.verify(GOOD, INFO)
        seen.append(_pid(single_child))
    assert len(set(seen)) == 2  # the first got one request more, at the start


def test_a_slow_picture_does_not_delay_the_next() -> None:
    pair = Decoder()
    pair.start()
    next_pid = pair._idle.queue[-1]._process.pid
    os.kill(next_pid, signal.SIGSTOP)
    slow = threading.Thread(target=pair.verify, args=(GOOD, INFO))
    slow.start()
    while pair._idle.qsize() == CHILDREN:
        time.sleep(0.001)
    pair.verify(GOOD, INFO)
    assert slow.is_alive()
    os.kill(next_pid, signal.SIGCONT)
    slow.join()
    pair.stop()


@linux_only
def test_a_child_has_no_environment_and_no_open_file_of_the_api(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", "very secret")
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        made = Decoder(children=1)
        made.start()
    folder = Path(f"/proc/{_pid(made)}")
    assert (folder / "environ").read_bytes() == b""
    opened = {str(entry.readlink()) for entry in (folder / "fd").iterdir()}
    assert str(tmp_path / "open") not in opened
    assert sum(name.startswith("socket:") for name in opened) == 1
    made.stop()
