"""Small networks for tests."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

X = np.random.default_rng(7).random((1, 3, 16, 24), np.float32)
_PADS = [1, 1, 1, 1]


def model(nodes: Sequence[NodeProto], constants: dict[str, np.ndarray], outputs: Sequence[str]) -> ModelProto:
    """Takes `x`, a tensor like X; each output has one channel."""
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)]
    made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 1, *X.shape[2:])) for name in outputs]
    tensors = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    graph = helper.make_graph(list(nodes), "small", given, made, tensors)
    network = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 14)])
    checker.check_model(network)
    return network


def small_u(middle: int = 16, to: np.ndarray | None = None, stride: int = 2) -> ModelProto:
    """One step down and up again as in U-2-Net's blocks, with a second mask that nothing else needs.

    `to` is the size, or the scales, that the middle is resized to.
    """
    random = np.random.default_rng(1)
    to = np.array([1, 32, 16, 24]) if to is None else to
    constants = {"to": to}
    nodes: list[NodeProto] = []

    def add(kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> None:
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def convolve(x: str, y: str, inputs: int, outputs: int) -> None:
        weight = random.standard_normal((outputs, inputs, 3, 3)) / np.sqrt(9 * inputs)
        constants[f"{y}.weight"] = weight.astype(np.float32)
        constants[f"{y}.bias"] = random.standard_normal(outputs).astype(np.float32)
        add("Conv", [x, f"{y}.weight", f"{y}.bias"], y, pads=_PADS)

    convolve("x", "wide", 3, middle)
    add("Relu", ["wide"], "seen")
    add("MaxPool", ["seen"], "half", kernel_shape=[2, 2], strides=[stride, stride], ceil_mode=1)
    convolve("half", "low", middle, 32)
    scales = ["low", "", "to"] if to.dtype == np.float32 else ["low", "", "", "to"]
    add("Resize", scales, "up", mode="linear", coordinate_transformation_mode="pytorch_half_pixel")
    add("Concat", ["up", "seen"], "both", axis=1)
    convolve("both", "joint", 32 + middle, 32)
    add("Relu", ["joint"], "shown")
    for name in ("mask", "other"):
        convolve("shown", f"{name}.raw", 32, 1)
        add("Sigmoid", [f"{name}.raw"], name)
    return model(nodes, constants, ["mask", "other"])


def with_computed_sizes(network: ModelProto) -> ModelProto:
    """The same as PyTorch exports it: the size to resize to is computed from another tensor's shape."""
    graph = network.graph
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.op_type == "Resize":
            nodes += [
                helper.make_node("Shape", [node.input[0]], ["low.shape"]),
                helper.make_node("Slice", ["low.shape", "0", "2", "0"], ["low.count"]),
                helper.make_node("Shape", ["seen"], ["seen.shape"]),
                helper.make_node("Slice", ["seen.shape", "2", "4", "0"], ["seen.size"]),
                helper.make_node("Concat", ["low.count", "seen.size"], ["size"], axis=0),
            ]
            node.input[3] = "size"
        nodes.append(node)
    copied = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copied)
    graph.initializer.extend(numpy_helper.from_array(np.array([edge]), str(edge)) for edge in (0, 2, 4))
    return network


def red(gain: float, size: int) -> ModelProto:
    """The chance that a pixel belongs to the subject grows with its red, from an even one at 0, by the gain."""
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, size, size))]
    made = [helper.make_tensor_value_info("mask", TensorProto.FLOAT, (1, 1, size, size))]
    weight = numpy_helper.from_array(np.array([gain, 0, 0], np.float32).reshape(1, 3, 1, 1), "weight")
    nodes = [helper.make_node("Conv", ["x", "weight"], ["raw"]), helper.make_node("Sigmoid", ["raw"], ["mask"])]
    graph = helper.make_graph(nodes, "red", given, made, [weight])
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 14)])
