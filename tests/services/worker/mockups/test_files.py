"""Files of mock-ups: drawn once while they are kept, from any stored copy, by a bounded number of threads."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.worker.mockups import files
from services.worker.mockups.files import BLANK, SLOTS, WAITING, Mockups, decoded
from services.worker.mockups.mockup_request import MockupRequest
from shared import errors
from shared.storage import Folder

KEY = f"{'a' * 64}-web.webp"


def encoded(picture: Image.Image, kind: str = "WEBP") -> bytes:
    data = io.BytesIO()
    picture.save(data, kind)
    return data.getvalue()


def asked(key: str = KEY, **query: str) -> MockupRequest:
    return MockupRequest.read("cap", "20a060", key, {"w": "120", **query})


@pytest.fixture
def objects(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.put(KEY, encoded(Image.new("RGBA", (300, 200), (200, 30, 30, 255))), "image/webp", {})
    return folder


def test_a_file_is_a_webp_of_the_size_asked_for(objects: Folder) -> None:
    with Image.open(io.BytesIO(Mockups(objects).file(asked()))) as picture:
        assert (picture.format, picture.size) == ("WEBP", (120, 120))


def test_a_garment_without_a_print_needs_no_storage(objects: Folder) -> None:
    plain = Mockups(Folder(Path("/nonexistent"))).file(asked(BLANK))
    assert plain != Mockups(objects).file(asked())


def test_a_kept_file_needs_no_storage_and_a_kept_design_serves_other_mock_ups(objects: Folder) -> None:
    mockups = Mockups(objects)
    data = mockups.file(asked())
    objects.delete(KEY)
    assert mockups.file(asked()) == data
    assert mockups.file(asked(dx="3")) != data
    with pytest.raises(errors.NotFound):
        Mockups(objects).file(asked())


def test_what_was_kept_is_forgotten_after_an_hour(objects: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_KEPT_S", -1)
    mockups = Mockups(objects)
    mockups.file(asked())
    mockups.expire()
    assert (mockups._files.bytes, mockups._designs.bytes) == (0, 0)
    objects.delete(KEY)
    with pytest.raises(errors.NotFound):
        mockups.file(asked())


def test_no_object_is_not_found(objects: Folder) -> None:
    for key in (f"{'b' * 64}-web.webp", "../../etc/passwd", ""):
        with pytest.raises(errors.NotFound):
            Mockups(objects).file(asked(key))


def test_the_request_after_those_that_wait_is_refused(objects: Folder) -> None:
    mockups, began, release = Mockups(objects), threading.Semaphore(0), threading.Event()

    class Slow(Folder):
        def get(self, key: str) -> bytes:
            began.release()
            release.wait(30)
            return super().get(key)

    mockups._objects = Slow(objects._root)
    with ThreadPoolExecutor(SLOTS + WAITING) as pool:
        running = [pool.submit(mockups.file, asked(dx=str(number))) for number in range(SLOTS + WAITING)]
        began.acquire(timeout=30)
        while mockups._bulkhead._admitted._value:
            threading.Event().wait(0.01)
        with pytest.raises(errors.Busy):
            mockups.file(asked(dx="-1"))
        release.set()
        outcomes = [task.exception() for task in running]
    assert outcomes.count(None) >= SLOTS
    assert {type(outcome) for outcome in outcomes} <= {type(None), errors.Busy}


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L"])
@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (2000, 1), (3, 5), (2000, 2000)])
def test_every_kind_of_copy_becomes_a_design(mode: str, size: tuple[int, int]) -> None:
    kind = "WEBP" if mode == "RGBA" else "JPEG"
    design = decoded(encoded(Image.new(mode, size, 90 if mode == "L" else (9, 90, 200, 255)[: len(mode)]), kind))
    assert design.mode == "RGBa"
    assert max(design.size) <= 800


def test_noise_becomes_a_design_and_emptiness_one_clear_pixel() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (500, 700, 4), dtype=np.uint8)
    assert decoded(encoded(Image.fromarray(pixels))).size == (700, 500)
    empty = decoded(encoded(Image.new("RGBA", (64, 64), (200, 0, 0, 0))))
    assert (empty.size, empty.getpixel((0, 0))) == ((1, 1), (0, 0, 0, 0))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        encoded(Image.new("RGBA", (40, 40)))[:60],
        encoded(Image.new("RGB", (40, 40)), "PNG"),
        encoded(Image.new("RGB", (2001, 8)), "JPEG"),
    ],
    ids=["empty", "text", "cut", "png", "too large"],
)
def test_anything_else_is_unreadable(data: bytes) -> None:
    with pytest.raises(errors.UnreadableImage):
        decoded(data)
