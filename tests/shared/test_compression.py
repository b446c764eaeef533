"""Web copies compared with the received photographs: bytes saved and structural similarity."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deploy.local.api_client import SAMPLE
from shared import images

WEB = (2000, 2000)
_WINDOW = 7  # pixels, as in most tools
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # from the authors' paper


def similarity(one: Image.Image, other: Image.Image) -> float:
    """Mean structural similarity (SSIM, Wang et al. 2004) of the luma over square windows; 1 is the same picture."""
    a, b = (np.asarray(image.convert("L"), float) for image in (one, other))
    mean_a, mean_b = _means(a), _means(b)
    var_a, var_b, both = _means(a * a) - mean_a**2, _means(b * b) - mean_b**2, _means(a * b) - mean_a * mean_b
    like = (2 * mean_a * mean_b + _C1) * (2 * both + _C2)
    return float((like / ((mean_a**2 + mean_b**2 + _C1) * (var_a + var_b + _C2))).mean())


def _means(values: np.ndarray) -> np.ndarray:
    """The mean of every window, from an integral image."""
    sums = np.pad(values, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    n = _WINDOW
    windows: np.ndarray = (sums[n:, n:] - sums[:-n, n:] - sums[n:, :-n] + sums[:-n, :-n]) / n**2
    return windows


def shrunk(path: Path, box: tuple[int, int]) -> tuple[int, int, float]:
    """Bytes received, bytes of the web copy, and their similarity at the copy's size."""
    data = path.read_bytes()
    found = images.inspect(data)
    copy = images.web_copy(data, found, box)
    with Image.open(io.BytesIO(copy.data)) as seen:
        whole = images.decode(data, found).resize(copy.size, Image.Resampling.LANCZOS)
        return len(data), len(copy.data), similarity(whole, seen)


def test_photographs_are_at_least_forty_per_cent_smaller_and_look_the_same(
    photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Measured over all of them: two were already made for the web and cannot shrink further."""
    figures = {path.stem: shrunk(path, WEB) for path in sorted(photographs.glob("*.jpg"))}
    received, sent = (sum(figure[index] for figure in figures.values()) for index in (0, 1))
    with capsys.disabled():
        print()
        for name, (before, after, like) in figures.items():
            print(f"{name:14} {before:9,} -> {after:7,} bytes, {1 - after / before:4.0%} smaller, SSIM {like:.3f}")
        print(f"{'together':14} {received:9,} -> {sent:7,} bytes, {1 - sent / received:4.0%} smaller")
    assert sent < 0.6 * received
    assert all(like > 0.95 for _, _, like in figures.values())


def test_a_camera_photo_is_at_least_forty_per_cent_smaller(tmp_path: Path) -> None:
    with Image.open(SAMPLE) as sample:
        sample.resize((2400, 3000), Image.Resampling.LANCZOS).save(tmp_path / "camera.jpg", quality=95)
    received, sent, like = shrunk(tmp_path / "camera.jpg", WEB)
    assert sent < 0.6 * received
    assert like > 0.95


def test_the_source_keeps_every_pixel(photographs: Path) -> None:
    for path in [*photographs.glob("*.jpg"), SAMPLE]:
        data = path.read_bytes()
        stored = images.strip(data, images.inspect(data)).data
        with Image.open(io.BytesIO(data)) as received, Image.open(io.BytesIO(stored)) as kept:
            assert (kept.mode, kept.size, kept.tobytes()) == (received.mode, received.size, received.tobytes())


def test_the_similarity_of_different_pictures_is_low() -> None:
    with Image.open(SAMPLE) as sample:
        small = sample.convert("L").resize((400, 500))
    blurred = small.resize((40, 50)).resize(small.size)
    assert similarity(small, small) == pytest.approx(1)
    assert similarity(small, blurred) < 0.95
