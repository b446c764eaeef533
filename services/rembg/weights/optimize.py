"""`python -m services.rembg.weights.optimize [NAME...]`: rewrite the graph of fetched weights, once, for onnxruntime.

Writes NAME.optimized.onnx beside the published file, which computes the same masks with less time and memory:

    further outputs     U-2-Net's other masks, which only training needs, go, with all that only they need
    Resize              by integer factors, not to sizes: works on blocks of channels, so nothing is reordered for it
    Conv(Concat(a, b))  becomes the sum of two convolutions, made in place: the joined tensor needs no memory
    Conv to 1 channel   costs as much as one to 16: so nine products of each pixel come first, then their 3x3 sum

What a rule does not recognise stays as it is. The bundled network has none of these. Needs `onnx`, which the service
does not: requirements/models.txt.
"""

import math
import os
import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, NodeProto, helper, numpy_helper

from services.rembg.settings import Model
from services.rembg.weights import CATALOGUE, Name
from services.rembg.weights.resolve import is_published, optimized_path

_BLOCK = 16  # channels that onnxruntime's convolutions work on at a time; 8 without AVX-512
_HALF_PIXELS = (b"half_pixel", b"pytorch_half_pixel")  # they differ only where several pixels become one
_TAPS = 3 * 3
_RESIZE_TO_SIZES = 4  # inputs; by factors it has three
_PREFIX = "optimized"  # of the names made here, so that they collide with no other


def main(arguments: list[str] | None = None) -> int:
    settings = Model.read()
    parser = ArgumentParser(prog="python -m services.rembg.weights.optimize", description="Optimize fetched weights.")
    parser.add_argument("names", nargs="*", metavar="NAME", type=Name)
    for name in parser.parse_args(arguments).names or [settings.name or Name.U2NET]:
        if CATALOGUE[name].md5 is None:
            print(f"{name}: comes with the repository, as it runs")
            continue
        source = settings.folder / name.file
        if not source.is_file() or not is_published(name, source):
            print(f"{source} is not the published {name}: fetch it first", file=sys.stderr)
            return 1
        optimize(source, optimized_path(source))
        print(f"{name}: optimized, at {optimized_path(source)}")
    return 0


def optimize(source: Path, target: Path) -> None:
    """Write the whole of `target` or nothing."""
    write_whole(rewrite(folded(source)), target)


def write_whole(model: ModelProto, target: Path) -> None:
    """Write a valid model; an interruption leaves what was there before."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        written = Path(folder) / target.name
        onnx.checker.check_model(model)
        onnx.save_model(model, written)
        with written.open("rb") as file:
            os.fsync(file.fileno())
        written.replace(target)


def folded(source: Path) -> ModelProto:
    """The network with sizes that are computed from shapes, and batch normalisation, as constants."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "folded.onnx"
        options.optimized_model_filepath = str(target)
        onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
        return onnx.load_model(target)


def rewrite(model: ModelProto, *, split_concat: bool = True) -> ModelProto:
    """Apply the rules to a network whose constants are folded; `split_concat` pays in float only."""
    graph = model.graph
    del graph.output[1:]
    _drop_unused(model)
    rules = _Rules(model, split_concat)
    nodes = [new for node in graph.node for new in rules.apply(node)]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(numpy_helper.from_array(values, name) for name, values in rules.added.items())
    _drop_unused(model)
    return model


def _drop_unused(model: ModelProto) -> None:
    """Nodes and constants that no output needs."""
    graph = model.graph
    needed, nodes = {value.name for value in graph.output}, []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            nodes.append(node)
            needed.update(node.input)
    constants = [tensor for tensor in graph.initializer if tensor.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes[::-1])
    graph.initializer.extend(constants)


class _Rules:
    def __init__(self, model: ModelProto, split_concat: bool) -> None:
        self._splits = split_concat
        graph = onnx.shape_inference.infer_shapes(model).graph
        values = [*graph.input, *graph.value_info, *graph.output]
        self._shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}  # 0: not fixed
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._sources = {name: node for node in graph.node for name in node.output}
        self._uses = Counter(name for node in graph.node for name in node.input)
        self.added: dict[str, np.ndarray] = {}

    def apply(self, node: NodeProto) -> list[NodeProto]:
        """Nodes that compute the same."""
        given = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        if node.op_type == "Resize":
            return self._resize_by_factors(node, given)
        if node.op_type == "Conv" and node.input[1] in self._constants and given.get("group", 1) == 1:
            weight = numpy_helper.to_array(self._constants[node.input[1]])
            return self._split_concat(node, weight) or self._convolve_by_taps(node, weight, given) or [node]
        return [node]

    def _resize_by_factors(self, node: NodeProto, given: dict[str, Any]) -> list[NodeProto]:
        old, new = self._shapes.get(node.input[0], []), self._shapes.get(node.output[0], [])
        linear = given.get("mode") == b"linear" and given.get("coordinate_transformation_mode") in _HALF_PIXELS
        if (
            not linear
            or len(old) != len(new)
            or not math.prod(old)
            or any(n % o for n, o in zip(new, old, strict=True))
        ):
            return [node]
        inputs = list(node.input)
        if len(inputs) == _RESIZE_TO_SIZES:
            factors = np.array([after // before for before, after in zip(old, new, strict=True)], np.float32)
            inputs[2:] = [self._add(f"{_PREFIX}/scales{factors.astype(int).tolist()}", factors)]
        attributes = given | {"coordinate_transformation_mode": "half_pixel"}
        return [helper.make_node("Resize", inputs, list(node.output), **attributes)]

    def _split_concat(self, node: NodeProto, weight: np.ndarray) -> list[NodeProto]:
        """Nothing unless the input is the concatenation, for this node alone, of two whole blocks of channels."""
        joined = self._sources.get(node.input[0]) if self._splits else None
        if joined is None or joined.op_type != "Concat" or joined.attribute[0].i != 1 or self._uses[node.input[0]] > 1:
            return []
        channels = [(self._shapes.get(name) or [0, 0])[1] for name in joined.input]
        if len(channels) != 2 or not all(channels) or any(count % _BLOCK for count in channels):
            return []
        (out,) = node.output
        halves = [f"{_PREFIX}/{out}/first", f"{_PREFIX}/{out}/second"]
        first = self._conv_like(node, joined.input[0], weight[:, : channels[0]], halves[0], *node.input[2:])
        second = self._conv_like(node, joined.input[1], weight[:, channels[0] :], halves[1])
        return [first, second, helper.make_node("Add", halves, [out])]

    def _convolve_by_taps(self, node: NodeProto, weight: np.ndarray, given: dict[str, Any]) -> list[NodeProto]:
        """Nothing unless the node convolves many channels, three by three pixels, to one."""
        outputs, inputs, *kernel = weight.shape
        plain = all(given.get(name, [1, 1]) == [1, 1] for name in ("strides", "dilations"))
        if outputs != 1 or inputs < 2 * _BLOCK or kernel != [3, 3] or not plain:
            return []
        (out,) = node.output
        taps = f"{_PREFIX}/{out}/taps"
        products = np.zeros((_BLOCK, inputs, 1, 1), np.float32)
        products[:_TAPS, :, 0, 0] = weight.reshape(inputs, _TAPS).T
        one_each = np.zeros((1, _BLOCK, 3, 3), np.float32)
        one_each[0, :_TAPS] = np.eye(_TAPS).reshape(_TAPS, 3, 3)
        first = helper.make_node("Conv", [node.input[0], self._add(f"{taps}/weight", products)], [taps])
        return [first, self._conv_like(node, taps, one_each, out, *node.input[2:])]

    def _conv_like(self, like: NodeProto, source: str, weight: np.ndarray, out: str, *bias: str) -> NodeProto:
        node = NodeProto()
        node.CopyFrom(like)
        node.name = out
        node.input[:] = [source, self._add(f"{_PREFIX}/{out}/weight", weight), *bias]
        node.output[:] = [out]
        return node

    def _add(self, name: str, values: np.ndarray) -> str:
        self.added.setdefault(name, np.ascontiguousarray(values))
        return name


if __name__ == "__main__":
    sys.exit(main())
