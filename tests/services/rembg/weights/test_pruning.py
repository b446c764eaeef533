"""A network without its dead channels computes the same."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import onnxruntime
import pytest
from onnx import ModelProto, NodeProto, helper, numpy_helper

from services.rembg.weights.calibrate import observe
from services.rembg.weights.graph import Graph
from services.rembg.weights.pruning import prune
from tests.services.rembg import graphs

X = graphs.X
Channels = Sequence[int] | range


def with_sum(dead_first: Channels, dead_last: Channels) -> ModelProto:
    """A block of 48 channels that ends in a sum, as U-2-Net's do."""
    random = np.random.default_rng(2)
    constants: dict[str, np.ndarray] = {}
    nodes: list[NodeProto] = []

    def convolve(x: str, y: str, inputs: int, outputs: int, dead: Channels = ()) -> None:
        weight = random.standard_normal((outputs, inputs, 3, 3)) / np.sqrt(9 * inputs)
        constants[f"{y}.weight"] = weight.astype(np.float32)
        constants[f"{y}.bias"] = random.standard_normal(outputs).astype(np.float32) + 2
        constants[f"{y}.bias"][list(dead)] = -50
        nodes.append(helper.make_node("Conv", [x, f"{y}.weight", f"{y}.bias"], [y], pads=[1, 1, 1, 1]))

    convolve("x", "a", 3, 48, dead_first)
    nodes.append(helper.make_node("Relu", ["a"], ["first"]))
    convolve("first", "b", 48, 48, dead_last)
    nodes.append(helper.make_node("Relu", ["b"], ["last"]))
    nodes.append(helper.make_node("Add", ["last", "first"], ["sum"]))
    convolve("sum", "raw", 48, 1)
    nodes.append(helper.make_node("Sigmoid", ["raw"], ["mask"]))
    return graphs.model(nodes, constants, ["mask"])


def pruned(model: ModelProto) -> tuple[Counter[str], dict[str, int]]:
    """Operators, and the channels of what each convolution makes; asserts that the pruned network computes the same."""
    graph = Graph(model)
    made = [name for node in graph.nodes for name in node.output if len(graph.shapes[name]) == X.ndim]
    network, observed = prune(graph, observe(model, made, [X]))
    wanted, found = (
        onnxruntime.InferenceSession(each.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": X})
        for each in (model, network.model)
    )
    assert found[0] == pytest.approx(wanted[0], abs=1e-5)
    assert np.ptp(wanted[0]) > 0.01
    channels = {
        node.output[0]: len(network.constants[node.input[1]]) for node in network.nodes if node.op_type == "Conv"
    }
    assert all(len(observed.highs[name]) == count for name, count in channels.items())
    return Counter(node.op_type for node in network.nodes), channels


def test_dead_channels_go_with_the_weights_that_they_meet() -> None:
    model = graphs.small_u(middle=32)
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == "wide.bias")
    bias.CopyFrom(numpy_helper.from_array(np.where(np.arange(32) % 3 == 0, -50, 1).astype(np.float32), bias.name))
    to = next(tensor for tensor in model.graph.initializer if tensor.name == "to")
    to.CopyFrom(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "to"))
    resize = next(node for node in model.graph.node if node.op_type == "Resize")
    resize.input[:] = ["low", "", "to"]
    _, channels = pruned(model)
    assert channels["wide"] == 24  # of 32, of which 21 live


def test_each_part_of_a_sum_has_its_own_channels_and_is_padded_with_zeros() -> None:
    operators, channels = pruned(with_sum(range(16), range(32, 48)))
    assert (channels["a"], channels["b"]) == (32, 32)
    assert operators["Pad"] == 2


def test_what_is_dead_in_both_parts_of_a_sum_goes_without_padding() -> None:
    operators, channels = pruned(with_sum(range(10, 28), range(10, 28)))
    assert (channels["a"], channels["b"]) == (32, 32)
    assert operators["Pad"] == 0


def test_padding_that_saves_no_block_of_channels_is_left_out() -> None:
    operators, channels = pruned(with_sum(range(10), range(38, 48)))
    assert (channels["a"], channels["b"]) == (48, 48)
    assert operators["Pad"] == 0


def test_channels_stay_where_an_operator_needs_all_of_them() -> None:
    model = with_sum(range(24), range(24))
    model.graph.node.append(helper.make_node("ReduceMean", ["sum"], ["mean"], axes=[1], keepdims=1))
    model.graph.node.append(helper.make_node("Conv", ["mean", "one"], ["other"]))
    model.graph.initializer.append(numpy_helper.from_array(np.ones((1, 1, 1, 1), np.float32), "one"))
    model.graph.output[0].name = "other"
    _, channels = pruned(model)
    assert (channels["a"], channels["b"]) == (48, 48)


def test_a_channel_that_nearly_lives_stays() -> None:
    model = with_sum(range(16), range(16))
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == "a.bias")
    most = observe(model, ["a"], [X]).highs["a"]
    values = numpy_helper.to_array(bias).copy()
    values[:16] -= most[:16] + 1e-3
    bias.CopyFrom(numpy_helper.from_array(values, bias.name))
    assert pruned(model)[1]["a"] == 48
