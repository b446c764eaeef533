"""An int8 form computes nearly the same as float, and what has no form in bytes stays in float."""

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import ModelProto, helper

from services.rembg.weights.quantize import main, quantize
from tests.services.rembg import graphs

RANDOM = np.random.default_rng(3)
SEEN, UNSEEN = (list(RANDOM.random((4, *graphs.X.shape), np.float32)) for _ in range(2))


def outputs(file: Path, batches: list[np.ndarray]) -> np.ndarray:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return np.stack([session.run(["mask"], {"x": batch})[0] for batch in batches])


def quantized(model: ModelProto, folder: Path) -> Counter[str]:
    """The operators of the int8 form; asserts that it computes nearly the same for inputs it has not seen."""
    onnx.save_model(model, folder / "network.onnx")
    quantize(folder / "network.onnx", folder / "int8.onnx", SEEN)
    wanted, found = (outputs(folder / name, UNSEEN) for name in ("network.onnx", "int8.onnx"))
    assert np.ptp(wanted) > 0.1
    assert 0 < np.abs(found - wanted).mean() < 0.01
    return Counter(node.op_type for node in onnx.load_model(folder / "int8.onnx").graph.node)


def test_all_but_the_last_convolution_of_a_mask_is_in_bytes(tmp_path: Path) -> None:
    operators = quantized(graphs.small_u(), tmp_path)
    assert (operators["QLinearConv"], operators["Conv"]) == (4, 0)  # one makes the nine products of each pixel
    assert (operators["Slice"], operators["Sum"]) == (9, 1)
    assert (operators["NhwcMaxPool"], operators["QLinearConcat"], operators["Relu"]) == (1, 1, 0)
    assert (operators["QuantizeLinear"], operators["DequantizeLinear"]) == (2, 2)  # around input, resizing and output


def test_a_sum_is_in_bytes(tmp_path: Path) -> None:
    model = graphs.small_u()
    last = next(node for node in model.graph.node if node.output[0] == "mask.raw")
    last.input[0] = "sum"
    model.graph.node.insert(8, helper.make_node("Add", ["shown", "shown"], ["sum"]))
    assert quantized(model, tmp_path)["QLinearAdd"] == 1


def test_from_an_operator_without_a_form_in_bytes_on_everything_is_in_float(tmp_path: Path) -> None:
    model = graphs.small_u()
    joint = next(node for node in model.graph.node if node.output[0] == "joint")
    joint.input[0] = "soft"
    model.graph.node.insert(6, helper.make_node("Elu", ["both"], ["soft"]))
    operators = quantized(model, tmp_path)
    assert (operators["QLinearConv"], operators["Elu"], operators["Conv"]) == (2, 1, 2)


def test_a_fetched_file_is_quantized_beside_it_only_if_it_is_the_published_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("REMBG_MODEL", "u2netp")
    onnx.save_model(graphs.small_u(), tmp_path / "u2netp.onnx")
    assert main([]) == 1
    assert "u2netp.onnx is not the published u2netp" in capsys.readouterr().err
    monkeypatch.setattr("services.rembg.weights.quantize.is_published", lambda *_: True)
    monkeypatch.setattr("services.rembg.weights.quantize.calibration", lambda _: SEEN)
    assert main([]) == 0
    assert (tmp_path / "u2netp.int8.onnx").is_file()
    assert main(["compact"]) == 0
    assert "stays in float" in capsys.readouterr().out
