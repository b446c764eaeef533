"""An optimized graph computes the same, and what no rule recognises stays as it is."""

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import ModelProto, NodeProto, helper

from services.rembg.weights import BUNDLED
from services.rembg.weights.optimize import main, optimize
from tests.services.rembg import graphs


def outputs(model: ModelProto, x: np.ndarray = graphs.X) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    results: list[np.ndarray] = session.run(None, {session.get_inputs()[0].name: x})
    return results


def optimized(model: ModelProto, folder: Path) -> tuple[ModelProto, Counter[str]]:
    """The optimized model, and its nodes by operator; asserts that it computes the same."""
    onnx.save_model(model, folder / "network.onnx")
    optimize(folder / "network.onnx", folder / "optimized.onnx")
    result = onnx.load_model(folder / "optimized.onnx")
    expected, found = outputs(model)[0], outputs(result)
    assert len(found) == 1
    assert found[0] == pytest.approx(expected, abs=1e-5)
    assert np.ptp(expected) > 0.1  # it is not a constant
    return result, Counter(node.op_type for node in result.graph.node)


def resize(model: ModelProto) -> NodeProto:
    node: NodeProto
    (node,) = (node for node in model.graph.node if node.op_type == "Resize")
    return node


@pytest.mark.parametrize("computed", [False, True])
def test_every_rule_applies_to_a_small_u(tmp_path: Path, *, computed: bool) -> None:
    model = graphs.with_computed_sizes(graphs.small_u()) if computed else graphs.small_u()
    result, operators = optimized(model, tmp_path)
    # Each of four convolutions, one more for the half of the concatenation, one more for the mask's products.
    assert operators == {"Conv": 6, "Relu": 2, "MaxPool": 1, "Resize": 1, "Add": 1, "Sigmoid": 1}
    assert len(resize(result).input) == 3
    assert b"half_pixel" in [attribute.s for attribute in resize(result).attribute]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["network.onnx", "optimized.onnx"]


def test_unused_constants_are_removed(tmp_path: Path) -> None:
    result, _ = optimized(graphs.small_u(), tmp_path)
    constants = {tensor.name for tensor in result.graph.initializer}
    assert constants <= {name for node in result.graph.node for name in node.input}
    assert not {"to", "other.raw.weight", "joint.weight"} & constants


def test_a_size_that_is_no_multiple_stays_a_size(tmp_path: Path) -> None:
    result, _ = optimized(graphs.small_u(stride=3), tmp_path)  # 16 by 24 become 6 by 8
    assert len(resize(result).input) == 4


def test_a_scale_that_is_nearly_an_integer_stays(tmp_path: Path) -> None:
    scales = np.array([1, 1, 2.01, 2.01], np.float32)  # of 8 by 12, this makes 16 by 24 as well
    optimized(graphs.small_u(to=scales), tmp_path)


def test_a_concatenation_of_partial_blocks_stays(tmp_path: Path) -> None:
    _, operators = optimized(graphs.small_u(middle=8), tmp_path)
    assert operators["Concat"] == 1


def test_a_concatenation_with_another_use_stays(tmp_path: Path) -> None:
    model = graphs.small_u()
    model.graph.node.extend(
        [
            helper.make_node("Conv", ["both", "joint.weight"], ["again"], pads=[1, 1, 1, 1]),
            helper.make_node("Add", ["again", "mask"], ["sum"]),
        ]
    )
    model.graph.output[0].name = "sum"
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 32
    _, operators = optimized(model, tmp_path)
    assert operators["Concat"] == 1


def test_other_operators_stay(tmp_path: Path) -> None:
    model = graphs.small_u()
    model.graph.node.append(helper.make_node("Elu", ["mask"], ["last"]))
    model.graph.output[0].name = "last"
    _, operators = optimized(model, tmp_path)
    assert operators["Elu"] == 1


def test_the_bundled_network_has_nothing_to_optimize(tmp_path: Path) -> None:
    optimize(BUNDLED, tmp_path / "optimized.onnx")
    names = {name for node in onnx.load_model(tmp_path / "optimized.onnx").graph.node for name in node.input}
    assert not [name for name in names if name.startswith("optimized/")]


def test_a_fetched_file_is_optimized_beside_it_only_if_it_is_the_published_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("REMBG_MODEL", "u2netp")
    onnx.save_model(graphs.small_u(), tmp_path / "u2netp.onnx")
    assert main([]) == 1
    assert "u2netp.onnx is not the published u2netp" in capsys.readouterr().err
    monkeypatch.setattr("services.rembg.weights.optimize.is_published", lambda *_: True)
    assert main([]) == 0
    assert (tmp_path / "u2netp.optimized.onnx").is_file()
    assert main(["compact"]) == 0
    assert "as it runs" in capsys.readouterr().out
