"""Small networks as files: nodes and constants put together in the form that onnxruntime reads."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from services.rembg.onnx_wire import Field, Network, Node, Tensor, _message, text_attribute

HALF_PIXELS = {name: text_attribute(name, value) for name, value in (
    ("mode", "linear"), ("coordinate_transformation_mode", "pytorch_half_pixel"),
)}  # fmt: skip
_FLOATS, _INTEGERS = 1, 7


def integers(name: str, *values: int) -> bytes:
    return _message([(1, name.encode()), *((8, value) for value in values), (20, 7)])


def integer(name: str, value: int) -> bytes:
    return _message([(1, name.encode()), (3, value), (20, 2)])


def step(kind: str, inputs: Sequence[str], output: str, **attributes: bytes) -> Node:
    return Node(kind, tuple(inputs), (output,), attributes)


def sizes(name: str, *values: int) -> Tensor:
    raw = np.asarray(values, "<i8").tobytes()
    return Tensor((len(values),), _message([(1, len(values)), (2, _INTEGERS), (8, name.encode()), (9, raw)]))


def value(name: str, shape: Sequence[int]) -> bytes:
    """A tensor that goes in or comes out."""
    lengths = _message([(1, _message([(1, length)])) for length in shape])
    return _message([(1, name.encode()), (2, _message([(1, _message([(1, _FLOATS), (2, lengths)]))]))])


def network(
    nodes: Sequence[Node],
    constants: dict[str, Tensor],
    x: Sequence[int],
    outputs: dict[str, Sequence[int]],
    ir_version: int = 8,
    opset: int = 13,
) -> Network:
    """Takes `x`, a tensor of that shape."""
    given = {name: value(name, shape) for name, shape in outputs.items()}
    around: list[Field] = [(1, ir_version), (8, _message([(2, opset)]))]
    beside: list[Field] = [(2, b"small"), (11, value("x", x))]
    return Network(list(nodes), constants, {"x": tuple(x)}, given, around, beside)


def small_u(seed: int = 1, middle: int = 16) -> Network:
    """One step down and up again as U-2-Net's blocks do it, with a second mask that nothing else needs."""
    random = np.random.default_rng(seed)
    constants: dict[str, Tensor] = {"to": sizes("to", 1, 32, 16, 24)}
    nodes: list[Node] = []

    def convolve(x: str, y: str, inputs: int, outputs: int) -> None:
        weight = random.standard_normal((outputs, inputs, 3, 3)) / np.sqrt(9 * inputs)
        constants[f"{y}.weight"] = Tensor.of(f"{y}.weight", weight)
        constants[f"{y}.bias"] = Tensor.of(f"{y}.bias", random.standard_normal(outputs))
        pads = integers("pads", 1, 1, 1, 1)
        nodes.append(step("Conv", [x, f"{y}.weight", f"{y}.bias"], y, pads=pads))

    convolve("x", "wide", 3, middle)
    nodes.append(step("Relu", ["wide"], "seen"))
    halves = {"kernel_shape": integers("kernel_shape", 2, 2), "strides": integers("strides", 2, 2)}
    nodes.append(step("MaxPool", ["seen"], "half", ceil_mode=integer("ceil_mode", 1), **halves))
    convolve("half", "low", middle, 32)
    nodes.append(step("Resize", ["low", "", "", "to"], "up", **HALF_PIXELS))
    nodes.append(step("Concat", ["up", "seen"], "both", axis=integer("axis", 1)))
    convolve("both", "joint", 32 + middle, 32)
    nodes.append(step("Relu", ["joint"], "shown"))
    for name in ("mask", "other"):
        convolve("shown", f"{name}.raw", 32, 1)
        nodes.append(step("Sigmoid", [f"{name}.raw"], name))
    return network(nodes, constants, (1, 3, 16, 24), {"mask": (1, 1, 16, 24), "other": (1, 1, 16, 24)})


def with_computed_sizes(made: Network) -> Network:
    """The same as PyTorch writes it: the size to resize to is taken from another tensor's shape as it runs."""
    nodes: list[Node] = []
    for node in made.nodes:
        if node.kind == "Resize":
            nodes += [
                step("Shape", [node.inputs[0]], "low.shape"),
                step("Slice", ["low.shape", "0", "2", "0"], "low.count"),
                step("Shape", ["seen"], "seen.shape"),
                step("Slice", ["seen.shape", "2", "4", "0"], "seen.size"),
                step("Concat", ["low.count", "seen.size"], "size", axis=integer("axis", 0)),
            ]
            nodes.append(replace(node, inputs=(*node.inputs[:3], "size")))
        else:
            nodes.append(node)
    for edge in (0, 2, 4):
        made.constants[str(edge)] = sizes(str(edge), edge)
    return replace(made, nodes=nodes)
