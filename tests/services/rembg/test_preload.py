"""Which precision a process runs."""

from pathlib import Path

import onnx
import pytest

from services.rembg import preload
from services.rembg.inference import Network
from services.rembg.inference.auto import AutoNetwork
from services.rembg.settings import Settings
from services.rembg.weights import Precision
from shared.settings import Invalid
from tests.services.rembg import graphs


def loaded(monkeypatch: pytest.MonkeyPatch, precision: str) -> Network:
    monkeypatch.setenv("REMBG_PRECISION", precision)
    return preload._load(Settings.read())


def test_without_an_int8_form_auto_is_float(exact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for precision in ("auto", "", "float"):
        assert loaded(monkeypatch, precision).weights.precision is Precision.FLOAT
    with pytest.raises(Invalid, match=r"there is no int8 form of .*mine\.onnx"):
        loaded(monkeypatch, "int8")


@pytest.mark.parametrize("good", [True, False])
def test_auto_runs_int8_where_it_is_good(exact: Path, monkeypatch: pytest.MonkeyPatch, good: bool) -> None:
    onnx.save_model(graphs.red(8.0, 320), exact.with_name("mine.int8.onnx"))
    monkeypatch.setattr("services.rembg.weights.judge.is_good", lambda *_: good)
    network = loaded(monkeypatch, "auto")
    assert isinstance(network, AutoNetwork) is good
    assert network.weights.path.name == ("mine.int8.onnx" if good else "mine.onnx")
    assert loaded(monkeypatch, "float").weights.path.name == "mine.onnx"


def test_int8_runs_whatever_it_is_worth(exact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx.save_model(graphs.red(-8.0, 320), exact.with_name("mine.int8.onnx"))
    weights = loaded(monkeypatch, "int8").weights
    assert (weights.path.name, weights.precision) == ("mine.int8.onnx", Precision.INT8)
