"""Convolutions to one channel, and the sums that replace some of them."""

from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from services.rembg.weights.single_channel import as_sums

RANDOM = np.random.default_rng(9)
X = RANDOM.random((1, 9, 6, 8), np.float32)
BIAS = np.array([0.5], np.float32)
MOVED = np.zeros((1, 9, 3, 3), np.float32)
MOVED[0] = np.eye(9).reshape(9, 3, 3)
WEIGHTED = RANDOM.standard_normal((1, 9, 1, 1)).astype(np.float32)


def run(nodes: list[NodeProto], constants: dict[str, np.ndarray]) -> np.ndarray:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    kept = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "one", ends[:1], ends[1:], kept)
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    result: np.ndarray = session.run(None, {"x": X})[0]
    return result


def convolution(**given: Any) -> NodeProto:
    return helper.make_node("Conv", ["x", "weight", "bias"], ["y"], **given)


@pytest.mark.parametrize(("weight", "given"), [(WEIGHTED, {}), (MOVED, {"pads": [1, 1, 1, 1]})])
def test_sums_compute_the_same(weight: np.ndarray, given: dict[str, list[int]]) -> None:
    constants: dict[str, np.ndarray] = {}

    def constant(name: str, value: np.ndarray) -> str:
        constants[name] = value
        return name

    nodes = as_sums(convolution(**given), weight, BIAS, constant)
    assert nodes is not None
    wanted = run([convolution(**given)], {"weight": weight, "bias": BIAS})
    assert run(nodes, constants) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(
    ("weight", "given"),
    [
        (np.ones((2, 9, 1, 1), np.float32), {}),
        (WEIGHTED, {"strides": [2, 2]}),
        (WEIGHTED, {"pads": [1, 1, 1, 1]}),
        (MOVED, {"pads": [0, 0, 0, 0]}),
        (2 * MOVED, {"pads": [1, 1, 1, 1]}),
        (np.ones_like(MOVED), {"pads": [1, 1, 1, 1]}),
    ],
    ids=["two channels", "strides", "padded", "unpadded", "weighted", "all pixels"],
)
def test_other_kinds_stay(weight: np.ndarray, given: dict[str, list[int]]) -> None:
    assert as_sums(convolution(**given), weight, BIAS, lambda name, _: name) is None
