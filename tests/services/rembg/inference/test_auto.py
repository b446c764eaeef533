"""Which pictures run in float, with networks of one convolution in place of both files."""

import gc
import weakref
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.rembg.inference import Network
from services.rembg.inference.auto import AutoNetwork
from services.rembg.weights import Name, Precision, Preparation, Weights
from shared.errors import UnknownForeground
from shared.settings import Invalid
from tests.services.rembg import graphs

SIZE = 32
PREPARATION = Preparation(SIZE, (0.5, 0.5, 0.5), (1.0, 1.0, 1.0))


def weights(folder: Path, name: str, gain: float, precision: Precision) -> Weights:
    onnx.save_model(graphs.red(gain, SIZE), folder / name)
    return Weights(Name.U2NETP, folder / name, name, PREPARATION, precision)


def auto(folder: Path, gain: float, float_gain: float = -100.0) -> AutoNetwork:
    """With gains of two signs, its float network finds the subject where its int8 network finds the ground."""
    quantized = weights(folder, "int8", gain, Precision.INT8)
    exact = weights(folder, "float", float_gain, Precision.FLOAT)
    return AutoNetwork(quantized, lambda: Network(exact, threads=1), threads=1)


def halves() -> Image.Image:
    """Red on the right, black on the left."""
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    picture[:, SIZE // 2 :, 0] = 255
    return Image.fromarray(picture)


def ramp(darkest: int = 0) -> Image.Image:
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    picture[..., 0] = np.linspace(darkest, 255, SIZE)
    return Image.fromarray(picture)


def test_a_sure_mask_is_that_of_int8(tmp_path: Path) -> None:
    ran: set[Precision] = set()
    mask = auto(tmp_path, 100.0).mask(halves(), ran=ran.add)
    assert ran == {Precision.INT8}
    assert np.asarray(mask)[0, [2, -2]].tolist() == [0, 255]


def test_a_doubtful_mask_is_made_again_in_float(tmp_path: Path) -> None:
    ran: set[Precision] = set()
    mask = auto(tmp_path, 1.0).mask(ramp(), ran=ran.add)
    assert ran == {Precision.FLOAT}
    assert np.asarray(mask)[0, [2, -2]].tolist() == [255, 0]


def test_float_decides_where_int8_finds_no_subject(tmp_path: Path) -> None:
    ran: set[Precision] = set()
    auto(tmp_path, -2.0, 100.0).mask(ramp(darkest=140), ran=ran.add)
    assert ran == {Precision.FLOAT}
    with pytest.raises(UnknownForeground):
        auto(tmp_path, -2.0, -2.0).mask(ramp(darkest=140))


def test_a_single_colour_needs_no_network(tmp_path: Path) -> None:
    network = auto(tmp_path, 1.0)
    with pytest.raises(UnknownForeground):
        network.mask(Image.new("RGB", (SIZE, SIZE), (255, 0, 0)))
    assert network._float is None


def test_the_float_network_is_freed_at_rest_and_loaded_again(tmp_path: Path) -> None:
    network = auto(tmp_path, 1.0)
    network.mask(ramp())
    loaded = network._float
    assert loaded is not None
    network.mask(ramp())
    assert network._float is loaded
    freed = weakref.ref(loaded)
    del loaded
    network.rest()
    gc.collect()
    assert freed() is None
    assert np.asarray(network.mask(ramp()))[0, 2] == 255


def is_brighter_on_the_right(mask: Image.Image) -> bool:
    left, right = np.asarray(mask)[0, [2, -2]].astype(int)
    return bool(left < right)


def metric(name: str) -> float:
    return REGISTRY.get_sample_value(name) or 0.0


def broken(folder: Path, gain: float, loads: list[str]) -> AutoNetwork:
    """Its float network cannot be loaded, as where /tmp is full."""

    def load() -> Network:
        loads.append("tried")
        raise Invalid("No space left on device")

    return AutoNetwork(weights(folder, "int8", gain, Precision.INT8), load, threads=1)


def test_the_mask_of_int8_stays_where_float_cannot_be_loaded(tmp_path: Path) -> None:
    counted = metric("stolentee_float_failures_total")
    ran: list[Precision] = []
    loads: list[str] = []
    network = broken(tmp_path, 1.0, loads)
    with capture_logs() as lines:
        masks = [network.mask(ramp(), ran=ran.append) for _ in range(3)]
    assert all(is_brighter_on_the_right(mask) for mask in masks)
    assert ran == [Precision.INT8] * 3
    assert [line["event"] for line in lines] == ["float_failed"]
    assert metric("stolentee_float_failures_total") == counted + 3
    assert len(loads) == 1
    network.rest()
    network.mask(ramp())
    assert len(loads) == 2


def test_the_mask_of_int8_stays_where_float_cannot_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = auto(tmp_path, 1.0)
    network.mask(ramp())
    monkeypatch.setattr(network._float, "_output", ["no such output"])
    assert is_brighter_on_the_right(network.mask(ramp()))
    assert network._float is None


def test_no_subject_stays_none_where_float_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(UnknownForeground):
        broken(tmp_path, -2.0, []).mask(ramp(darkest=140))


def test_the_network_says_that_it_chooses(tmp_path: Path) -> None:
    assert auto(tmp_path, 1.0).weights.precision is Precision.AUTO
