"""`python -m services.rembg.weights.quantize [NAME...]`: make the int8 form of fetched weights, once.

Writes NAME.int8.onnx beside the published file. Weights and what lies between convolutions have 8 bits, up to the
convolutions that draw a mask, which become sums of floats (single_channel.py). The bundled network is small enough in
float.

The graph is written as onnxruntime executes it, channels last, with the rules of optimize.py. Resizing takes four times
as long in bytes as in float, so it stays between a conversion from and to bytes; both are cheap.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper

from services.rembg.settings import Model
from services.rembg.weights import CATALOGUE, Name
from services.rembg.weights.calibrate import Observed, calibration, observe
from services.rembg.weights.graph import Graph
from services.rembg.weights.optimize import folded, rewrite, write_whole
from services.rembg.weights.pruning import prune
from services.rembg.weights.resolve import is_published, quantized_path
from services.rembg.weights.rounding import lost, rounded
from services.rembg.weights.single_channel import as_sums

_LEVELS = 255
_LEAST_SCALE = 1e-12
_MICROSOFT = "com.microsoft"  # the operators' domain
_TO_LAST, _TO_FIRST = [0, 2, 3, 1], [0, 3, 1, 2]
_INPUT_CHANNELS = 4  # of which the last is empty: convolutions of 4 channels take half the time of those of 3
_BYTES = {"Conv", "Relu", "MaxPool", "Resize", "Concat", "Add"}
_POOLED = ("kernel_shape", "strides", "pads", "dilations", "ceil_mode")
_CONVOLVED = ("kernel_shape", "strides", "pads", "dilations", "group")


def main(arguments: list[str] | None = None) -> int:
    settings = Model.read()
    parser = ArgumentParser(prog="python -m services.rembg.weights.quantize", description="Make int8 forms of weights.")
    parser.add_argument("names", nargs="*", metavar="NAME", type=Name)
    for name in parser.parse_args(arguments).names or [settings.name or Name.U2NET]:
        source = settings.folder / name.file
        if CATALOGUE[name].md5 is None:
            print(f"{name}: comes with the repository, and stays in float")
            continue
        if not source.is_file() or not is_published(name, source):
            print(f"{source} is not the published {name}: fetch it first", file=sys.stderr)
            return 1
        target = quantized_path(source)
        quantize(source, target, calibration(CATALOGUE[name].preparation))
        print(f"{name}: quantized, at {target}")
    return 0


def quantize(source: Path, target: Path, batches: Iterable[np.ndarray]) -> None:
    """Write the whole of `target` or nothing. The batches are inputs to calibrate with."""
    network = Graph(rewrite(folded(source), split_concat=False))
    made = [name for node in network.nodes if node.op_type in _BYTES for name in node.output]
    write_whole(_Writer(*prune(network, observe(network.model, made, batches))).model(), target)


@dataclass(frozen=True, slots=True)
class _Bytes:
    """A tensor in 8 bits, channels last: each value is scale * (byte - zero); `constants` are the names of the two."""

    name: str
    scale: float
    constants: tuple[str, str]


class _Writer:
    def __init__(self, network: Graph, observed: Observed) -> None:
        self._network, self._observed = network, observed
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, np.ndarray] = {}
        self._bytes: dict[str, _Bytes] = {}
        self._floats: dict[str, str] = {}  # what a tensor is called in float, channels first

    def model(self) -> ModelProto:
        self._read_input()
        for node in self._network.nodes:
            if not all(name in self._bytes for name in self._variable(node)) or not self._in_bytes(node):
                self._in_float(node)
        graph = helper.make_graph(
            self._nodes,
            "int8",
            [self._network.input],
            [self._network.output],
            [numpy_helper.from_array(np.asarray(value), name) for name, value in self._constants.items()],
        )
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def _variable(self, node: NodeProto) -> list[str]:
        return [name for name in node.input if name and name not in self._network.constants]

    def _read_input(self) -> None:
        name = self._network.input.name
        last = self._add("Transpose", [name], f"{name}/last", perm=_TO_LAST)
        missing = _INPUT_CHANNELS - self._network.shapes[name][1]
        pads = self._constant("input/pads", np.array([0] * 7 + [missing]))
        self._quantize(name, self._add("Pad", [last, pads], f"{name}/padded"), name)

    def _in_bytes(self, node: NodeProto) -> bool:
        """Write the node for bytes; False where it cannot or should not be."""
        (out,) = node.output
        given = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        match node.op_type:
            case "Conv" if self._network.constants[node.input[1]].shape[0] > 1:
                self._convolve(node, {key: given[key] for key in _CONVOLVED if key in given})
            case "Relu" if out in self._bytes:  # of the convolution before it
                pass
            case "MaxPool":
                kept = {key: given[key] for key in _POOLED if key in given}
                self._keep(out, "NhwcMaxPool", self._bytes[node.input[0]], kept)
            case "Resize" if given.get("mode") == b"linear":
                self._resize(node)
            case "Concat" if given["axis"] == 1:
                self._join(node, "QLinearConcat", axis=3)
            case "Add":
                self._join(node, "QLinearAdd")
            case "Pad":
                self._pad(node)
            case _:
                return False
        return True

    def _in_float(self, node: NodeProto) -> None:
        copied = NodeProto()
        copied.CopyFrom(node)
        constants = self._network.constants
        copied.input[:] = [self._float(name) if name and name not in constants else name for name in node.input]
        self._floats.update({name: name for name in node.output})
        held = [name for name in node.input if name in constants]
        if node.op_type == "Conv" and len(held) == 2:
            weight, bias = (constants[name] for name in held)
            if sums := as_sums(copied, weight, bias, self._constant):
                self._nodes.extend(sums)
                return
        for name in held:
            self._constant(name, constants[name])
        self._nodes.append(copied)

    def _convolve(self, node: NodeProto, given: dict[str, Any]) -> None:
        source, target = self._bytes[node.input[0]], self._network.convolved(node)
        weight, *rest = (self._network.constants[name].astype(np.float64) for name in node.input[1:])
        bias = rest[0] if rest else np.zeros(len(weight))
        integers, scales = rounded(weight, bias, source.scale)
        bias = bias + lost(weight, integers, scales, self._observed.means[node.input[0]])
        if node.input[0] == self._network.input.name:
            empty = _INPUT_CHANNELS - integers.shape[1]
            integers = np.pad(integers, ((0, 0), (0, empty), (0, 0), (0, 0)))
        made = self._range(target)
        inputs = [
            source.name,
            *source.constants,
            self._constant(f"{target}/weight", integers.astype(np.int8)),
            self._constant(f"{target}/scales", scales.astype(np.float32)),
            self._constant(f"{target}/zeros", np.zeros(len(scales), np.int8)),
            *made.constants,
            self._constant(f"{target}/bias", np.rint(bias / (scales * source.scale)).astype(np.int32)),
        ]
        self._add("QLinearConv", inputs, made.name, channels_last=1, **given)
        self._bytes[node.output[0]] = self._bytes[target] = made

    def _keep(self, out: str, kind: str, source: _Bytes, given: dict[str, Any]) -> None:
        self._bytes[out] = replace(source, name=self._add(kind, [source.name], f"{out}/int8", **given))

    def _pad(self, node: NodeProto) -> None:
        (out,), source = node.output, self._bytes[node.input[0]]
        starts, ends = self._network.constants[node.input[1]].reshape(2, -1)
        pads = self._constant(f"{out}/pads", np.concatenate([starts[_TO_LAST], ends[_TO_LAST]]))
        padded = self._add("Pad", [source.name, pads, source.constants[1]], f"{out}/int8")
        self._bytes[out] = replace(source, name=padded)

    def _resize(self, node: NodeProto) -> None:
        """Into the range of the concatenation that follows, if one does."""
        (out,) = node.output
        old, new = self._network.shapes[node.input[0]], self._network.shapes[out]
        factors = np.array([new[axis] / old[axis] for axis in _TO_LAST], np.float32)
        scales = self._constant(f"factors{factors.tolist()}", factors)
        given = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        resized = self._add("Resize", [self._dequantize(node.input[0]), "", scales], f"{out}/last", **given)
        joined = self._network.only_user(out, "Concat")
        self._quantize(out, resized, joined.output[0] if joined else out)

    def _join(self, node: NodeProto, kind: str, **given: int) -> None:
        (out,) = node.output
        made = self._range(out)
        sources = [part for name in node.input for part in (self._bytes[name].name, *self._bytes[name].constants)]
        ends = made.constants
        self._add(kind, [*ends, *sources] if kind == "QLinearConcat" else [*sources, *ends], made.name, **given)
        self._bytes[out] = made

    def _quantize(self, name: str, source: str, like: str) -> None:
        """Make the bytes of a tensor in the range of another."""
        made = self._range(like)
        self._bytes[name] = replace(made, name=self._add("QuantizeLinear", [source, *made.constants], f"{name}/int8"))

    def _dequantize(self, name: str) -> str:
        source = self._bytes[name]
        return self._add("DequantizeLinear", [source.name, *source.constants], f"{source.name}/float")

    def _float(self, name: str) -> str:
        if name not in self._floats:
            self._floats[name] = self._add("Transpose", [self._dequantize(name)], f"{name}/first", perm=_TO_FIRST)
        return self._floats[name]

    def _range(self, name: str) -> _Bytes:
        least, most = self._observed.range(name)
        scale = max((most - least) / _LEVELS, _LEAST_SCALE)
        constants = (
            self._constant(f"{name}/scale", np.float32(scale)),
            self._constant(f"{name}/zero", np.uint8(round(-least / scale))),
        )
        return _Bytes(f"{name}/int8", scale, constants)

    def _add(self, kind: str, inputs: Sequence[str], output: str, **given: Any) -> str:
        if all(output not in node.output for node in self._nodes):
            domain = "" if kind in ("Transpose", "Pad", "Resize", "QuantizeLinear", "DequantizeLinear") else _MICROSOFT
            self._nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **given))
        return output

    def _constant(self, name: str, value: Any) -> str:
        self._constants[name] = value
        return name


if __name__ == "__main__":
    sys.exit(main())
