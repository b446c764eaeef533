"""A network's graph, rewritten so that onnxruntime gets the same out of it with less.

Its convolutions work on blocks of 16 channels, at the processor's peak; what can be saved lies around them:

    further outputs     U-2-Net's other masks, which training wanted, go, with all that only they needed
    Resize              by whole factors, not to sizes: so it works on blocks too, and nothing is reordered for it
    Conv(Concat(a, b))  is the sum of two convolutions, made in place: what was joined needs no memory of its own
    Conv to 1 channel   costs as much as one to 16: so nine products of each pixel come first, then their 3x3 sum

U2-NetP needs an eighth less of the processor's time so, and 120 instead of 290 MB; its masks differ in the seventh
digit. What a rule does not recognise stays as it is.
"""

import math
import operator
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from services.rembg.onnx_wire import Network, Node, Tensor, Unfamiliar, text_attribute

_BLOCK = 16  # channels; 8 without AVX-512
_HALF_PIXELS = ("half_pixel", "pytorch_half_pixel")  # they differ only where several pixels become one
_TAPS = 3 * 3
_RESIZE_TO_SIZES = 4  # inputs; by factors it has three
_SHAPELESS = {"Relu", "Sigmoid", "Add"}  # what comes out has the shape of what goes in
_TO_FOLD = {"Shape", "BatchNormalization"}  # what `fold` leaves none of
_OURS = "lightened"  # before the names that are made here, so that they are nobody else's


def lightened(path: Path, fold: Callable[[Path], bytes]) -> bytes:
    """The network of a file, for onnxruntime, which is left to say what is wrong with a file that holds none.

    `fold` gives a file in which all that is constant has been worked out.
    """
    file = path.read_bytes()
    try:
        network = Network.read(file)
        if not any(node.kind == "Concat" and node.integer("axis", 0) == 1 for node in network.nodes):
            return file  # nothing in it that this could help much
        if _TO_FOLD.intersection(node.kind for node in network.nodes):
            network = Network.read(fold(path))
        network.outputs = dict(list(network.outputs.items())[:1])
        _drop_unneeded(network)
        rewriting = _Rewriting(network)
        network.nodes = [lighter for node in network.nodes for lighter in rewriting.of(node)]
        _drop_unneeded(network)
    except (Unfamiliar, LookupError):  # the latter of a graph that is wrong in itself
        return file
    return network.file()


def _drop_unneeded(network: Network) -> None:
    """Nodes and constants that lead to no output."""
    needed, nodes = set(network.outputs), []
    for node in reversed(network.nodes):
        if needed.intersection(node.outputs):
            nodes.append(node)
            needed.update(node.inputs)
    network.nodes = nodes[::-1]
    network.constants = {name: tensor for name, tensor in network.constants.items() if name in needed}


class _Rewriting:
    def __init__(self, network: Network) -> None:
        self._constants = network.constants
        self._sources = {name: node for node in network.nodes for name in node.outputs}
        self._uses = Counter(name for node in network.nodes for name in node.inputs)
        self._shapes = dict(network.inputs)

    def of(self, node: Node) -> list[Node]:
        """What does the same as the node, which comes after those that it needs."""
        self._shapes[node.outputs[0]] = self._shape(node)
        if node.kind == "Resize":
            return self._by_factors(node)
        if node.kind == "Conv" and node.inputs[1] in self._constants and node.integer("group", 1) == 1:
            return self._summed(node) or self._by_taps(node) or [node]
        return [node]

    def _shape(self, node: Node) -> tuple[int, ...]:
        """Of what comes out; () if that is not known."""
        shapes = [self._shapes.get(name, ()) for name in node.inputs]
        weight = self._constants.get(node.inputs[1]) if node.kind == "Conv" else None
        if weight:
            return _slid(shapes[0], weight.shape[0], list(weight.shape[2:]), node)
        if node.kind == "MaxPool":
            return _slid(shapes[0], (*shapes[0], 0, 0)[1], node.integers("kernel_shape", []), node)
        if node.kind == "Concat" and node.integer("axis", 0) == 1 and all(shapes):
            return (shapes[0][0], sum(shape[1] for shape in shapes), *shapes[0][2:])
        if node.kind == "Resize" and node.inputs[-1] in self._constants:
            asked = self._constants[node.inputs[-1]].values().tolist()
            to_sizes = len(node.inputs) == _RESIZE_TO_SIZES
            return tuple(asked if to_sizes else map(math.floor, map(operator.mul, shapes[0], asked)))
        return shapes[0] if node.kind in _SHAPELESS and len(set(shapes)) == 1 else ()

    def _by_factors(self, node: Node) -> list[Node]:
        old, new = self._shapes.get(node.inputs[0], ()), self._shapes[node.outputs[0]]
        linear = node.text("mode") == "linear" and node.text("coordinate_transformation_mode") in _HALF_PIXELS
        if not linear or not old or len(old) != len(new) or not all(old) or any(map(operator.mod, new, old)):
            return [node]
        inputs, name = node.inputs, "coordinate_transformation_mode"
        if len(inputs) == _RESIZE_TO_SIZES:
            factors = [after // before for before, after in zip(old, new, strict=True)]
            inputs = (*inputs[:2], self._keep(f"{_OURS}/scales{factors}", np.asarray(factors)))
        return [replace(node, inputs=inputs, attributes={**node.attributes, name: text_attribute(name, "half_pixel")})]

    def _summed(self, node: Node) -> list[Node]:
        """Nothing unless the input was joined for this node alone, out of two that are whole blocks of channels."""
        joined = self._sources.get(node.inputs[0])
        if not joined or joined.kind != "Concat" or joined.integer("axis", 0) != 1 or self._uses[node.inputs[0]] > 1:
            return []
        channels = [(*self._shapes.get(name, ()), 0, 0)[1] for name in joined.inputs]
        if len(channels) != 2 or not all(channels) or any(count % _BLOCK for count in channels):
            return []
        weight, (out,) = self._constants[node.inputs[1]].values(), node.outputs
        halves = (f"{_OURS}/{out}/one", f"{_OURS}/{out}/other")
        one = self._convolution(node, joined.inputs[0], weight[:, : channels[0]], halves[0], *node.inputs[2:])
        other = self._convolution(node, joined.inputs[1], weight[:, channels[0] :], halves[1])
        return [one, other, Node("Add", halves, (out,))]

    def _by_taps(self, node: Node) -> list[Node]:
        """Nothing unless the node looks three by three pixels wide at many channels, and makes one."""
        outputs, inputs, *kernel = self._constants[node.inputs[1]].shape
        plain = all(node.integers(name, [1, 1]) == [1, 1] for name in ("strides", "dilations"))
        if outputs != 1 or inputs < 2 * _BLOCK or kernel != [3, 3] or not plain:
            return []
        (out,) = node.outputs
        taps = f"{_OURS}/{out}/taps"
        products = np.zeros((_BLOCK, inputs, 1, 1))
        products[:_TAPS, :, 0, 0] = self._constants[node.inputs[1]].values().reshape(inputs, _TAPS).T
        one_each = np.zeros((1, _BLOCK, 3, 3))
        one_each[0, :_TAPS] = np.eye(_TAPS).reshape(_TAPS, 3, 3)
        first = Node("Conv", (node.inputs[0], self._keep(f"{taps}/weight", products)), (taps,))
        return [first, self._convolution(node, taps, one_each, out, *node.inputs[2:])]

    def _convolution(self, like: Node, x: str, weight: np.ndarray, out: str, *bias: str) -> Node:
        return replace(like, inputs=(x, self._keep(f"{_OURS}/{out}/weight", weight), *bias), outputs=(out,))

    def _keep(self, name: str, values: np.ndarray) -> str:
        self._constants.setdefault(name, Tensor.of(name, values))
        return name


def _slid(shape: tuple[int, ...], channels: int, kernel: list[int], node: Node) -> tuple[int, ...]:
    """The shape that a window's way over an input makes."""
    count = len(kernel)
    if len(shape) != count + 2 or node.text("auto_pad") not in ("", "NOTSET"):
        return ()
    pads, ceil = node.integers("pads", [0] * 2 * count), node.integer("ceil_mode", 0)
    strides, spread = (node.integers(name, [1] * count) for name in ("strides", "dilations"))
    ways = [
        length + before + after - step * (wide - 1) - 1
        for length, before, after, step, wide in zip(shape[2:], pads, pads[count:], spread, kernel, strict=False)
    ]
    return (shape[0], channels, *((way + ceil * (by - 1)) // by + 1 for way, by in zip(ways, strides, strict=True)))
