"""Agreement with rembg's own masks, and how far the bundled network gets: the bounds are the contract's."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.rembg import remover
from services.rembg.inference import Network
from shared import images
from tests.services.rembg import pictures

FIXTURES = Path("../shared/fixtures")
NAMES = ("anime-girl-1", "car-1", "cloth-1", "plants-1")
JUDGED = {"car-1": 0.8, "cloth-1": 0.8}  # compact is for products on quiet ground; its card says why not the others

pytestmark = pytest.mark.skipif(not FIXTURES.exists(), reason="needs ../shared/fixtures")


def alpha(network: Network, name: str) -> np.ndarray:
    data = (FIXTURES / f"{name}.jpg").read_bytes()
    return pictures.pixels(remover.remove(network, data, images.inspect(data)).file.data)[..., 3]


def golden(name: str) -> np.ndarray:
    with Image.open(FIXTURES / "golden" / f"{name}.u2netp-mask.png") as mask:
        return np.asarray(mask).astype(int)


def perceptual_hash(mask: np.ndarray) -> np.ndarray:
    """64 bits: the lowest frequencies of a 32-pixel picture against their median."""
    small = np.asarray(Image.fromarray(mask.astype(np.uint8)).resize((32, 32), Image.Resampling.LANCZOS), float)
    steps = np.arange(32)
    cosines = np.cos(np.pi / 32 * np.outer(steps[:8], steps + 0.5))
    low = cosines @ small @ cosines.T
    bits: np.ndarray = low > np.median(low)
    return bits


@pytest.mark.parametrize("name", NAMES)
def test_u2netp_agrees_with_rembg(u2netp: Network, name: str) -> None:
    ours, theirs = alpha(u2netp, name), golden(name)
    assert np.abs(ours - theirs).mean() <= 1
    assert (perceptual_hash(ours) != perceptual_hash(theirs)).sum() <= 2


def test_compact_finds_the_subject(compact: Network, capsys: pytest.CaptureFixture[str]) -> None:
    overlaps = {}
    for name in NAMES:
        ours, theirs = alpha(compact, name) > 127, golden(name) > 127
        overlaps[name] = (ours & theirs).sum() / (ours | theirs).sum()
    with capsys.disabled():
        print("\ncompact against U2-NetP, intersection over union")
        for name, overlap in overlaps.items():
            print(f"  {name:14} {overlap:.3f}  {'at least ' + str(JUDGED[name]) if name in JUDGED else 'not judged'}")
    assert all(overlaps[name] >= least for name, least in JUDGED.items())
