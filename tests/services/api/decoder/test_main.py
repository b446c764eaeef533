"""The limits of a decoder process, and how it ends."""

import resource
import signal
import socket
import struct
import subprocess
import sys
from dataclasses import asdict

import pytest
from PIL import Image

from services.api.decoder import __main__ as inside
from services.api.decoder import protocol
from shared import errors, images
from tests.processes import linux_only
from tests.services import pictures

GOOD = pictures.jpeg()
REQUEST = {"task": "verify", "info": asdict(images.inspect(GOOD))}


LIMITED = """
import math, resource, time
from services.api.decoder.__main__ import _allow
_allow(5)
first, begun = resource.getrlimit(resource.RLIMIT_CPU)[0], math.ceil(time.process_time())
while time.process_time() < begun: pass
_allow(5)
assert resource.getrlimit(resource.RLIMIT_CPU)[0] == first + 1
_allow(0)
print("allowed", flush=True)
while True: pass
"""


def test_processor_time_is_limited_per_picture() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, check=False, timeout=60)
    assert done.stdout == b"allowed\n", done.stderr
    assert done.returncode == -signal.SIGXCPU


def test_a_child_ignores_signals_to_its_group_and_ends_with_its_connection() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        process = subprocess.Popen([sys.executable, "-m", "services.api.decoder"], stdin=theirs.fileno())
        theirs.close()
        protocol.send(ours, REQUEST, GOOD)
        assert protocol.receive(ours) == ({}, b"")
        for number in (signal.SIGTERM, signal.SIGINT):  # as when a terminal or container stops
            process.send_signal(number)
        protocol.send(ours, REQUEST, GOOD)
        assert protocol.receive(ours) == ({}, b"")
        if sys.platform == "linux":
            assert resource.prlimit(process.pid, resource.RLIMIT_AS) == (inside.MEMORY_BYTES, inside.MEMORY_BYTES)
        protocol.send(ours, REQUEST, GOOD)  # whose response is never read
    assert process.wait(20) == 0


@linux_only
def test_a_drawing_gets_less_time_and_memory_than_a_photo() -> None:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 32"><rect width="9" height="9"/></svg>'
    ours, theirs = socket.socketpair()
    with ours:
        process = subprocess.Popen([sys.executable, "-m", "services.api.decoder"], stdin=theirs.fileno())
        theirs.close()
        seconds = []
        for question, data, most in (
            ({"task": "convert", "format": "svg"}, drawing, inside.DRAWING_MEMORY_BYTES),
            (REQUEST, GOOD, inside.MEMORY_BYTES),
        ):
            protocol.send(ours, question, data)
            facts, _ = protocol.receive(ours)
            assert facts == {}
            assert resource.prlimit(process.pid, resource.RLIMIT_AS) == (most, inside.MEMORY_BYTES)
            seconds.append(resource.prlimit(process.pid, resource.RLIMIT_CPU)[0])
    assert process.wait(20) == 0
    assert seconds[1] - seconds[0] >= inside.CPU_S - inside.DRAWING_CPU_S


def test_decoding_works_where_address_space_cannot_be_limited() -> None:
    as_on_macos = """
import resource
limit = resource.setrlimit
def refusing(which, limits):
    if which == resource.RLIMIT_AS:
        raise ValueError("current limit exceeds maximum limit")
    limit(which, limits)
resource.setrlimit = refusing
from services.api.decoder import __main__ as inside
inside.main()
"""
    ours, theirs = socket.socketpair()
    with ours:
        process = subprocess.Popen([sys.executable, "-c", as_on_macos], stdin=theirs.fileno())
        theirs.close()
        protocol.send(ours, REQUEST, GOOD)
        assert protocol.receive(ours) == ({}, b"")
    assert process.wait(20) == 0


def test_a_refusal_is_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    assert inside.respond(REQUEST, GOOD) == ({}, b"")
    damaged = {"refused": "unreadable_image", "message": errors.UnreadableImage.message, "details": None}
    assert inside.respond(REQUEST, GOOD[:-200]) == (damaged, b"")
    large, _ = inside.respond({"task": "convert", "format": "bmp"}, _bmp(30_000, 30_000))
    assert (large["refused"], large["details"]) == (
        "image_too_large",
        {"width": 30_000, "height": 30_000, "maxPixels": images.MAX_PIXELS, "maxSide": images.MAX_SIDE},
    )

    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image, "open", exhausted)
    answer, _ = inside.respond(REQUEST, GOOD)
    assert answer["refused"] == "too_complex"


def _bmp(width: int, height: int) -> bytes:
    made = pictures.encoded(pictures.drawn(), "BMP")
    return made[:18] + struct.pack("<ii", width, height) + made[26:]


def test_a_file_in_another_format_becomes_a_png() -> None:
    facts, made = inside.respond({"task": "convert", "format": "bmp"}, _bmp(40, 30))
    assert facts == {}
    assert images.inspect(made).format == "png"
