"""Convolutions to one channel as sums, in float: onnxruntime's convolutions would compute sixteen channels.

The kinds that are left when optimize.py has made nine products of each pixel:

    1 x 1    each channel times its weight, then their sum
    3 x 3    of the products, each moved to its place, then their sum
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import NodeProto, helper

Constant = Callable[[str, np.ndarray], str]  # keeps a value under a name, which it returns
_END = 2**31


def as_sums(node: NodeProto, weight: np.ndarray, bias: np.ndarray, constant: Constant) -> list[NodeProto] | None:
    """Nodes that compute the same; None for other kinds."""
    given = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    outputs, _, *kernel = weight.shape
    if outputs != 1 or any(given.get(name, [1, 1]) != [1, 1] for name in ("strides", "dilations")):
        return None
    make = _Nodes(node, constant)
    if kernel == [1, 1] and not any(given.get("pads", [])):
        make.weighted(weight)
    elif kernel == [3, 3] and given.get("pads") == [1] * 4 and _takes_one_pixel_of_each(weight):
        make.moved(weight)
    else:
        return None
    make.add("Add", [make.last, constant(f"{make.name}/bias", bias.reshape(1, 1, 1, 1))], make.name)
    return make.nodes


def _takes_one_pixel_of_each(weight: np.ndarray) -> bool:
    return bool(np.isin(weight, (0, 1)).all() and (weight.reshape(weight.shape[1], -1).sum(1) <= 1).all())


class _Nodes:
    def __init__(self, node: NodeProto, constant: Constant) -> None:
        self.source, self.name = node.input[0], node.output[0]
        self.nodes: list[NodeProto] = []
        self._constant = constant

    @property
    def last(self) -> str:
        return str(self.nodes[-1].output[0])

    def add(self, kind: str, inputs: list[str], output: str, **given: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **given))
        return output

    def weighted(self, weight: np.ndarray) -> None:
        factors = self._constant(f"{self.name}/factors", weight.reshape(1, -1, 1, 1))
        products = self.add("Mul", [self.source, factors], f"{self.name}/products")
        channels = self._constant("channels", np.array([1]))
        self.add("ReduceSum", [products, channels], f"{self.name}/sum", keepdims=1)

    def moved(self, weight: np.ndarray) -> None:
        pads = self._constant("around", np.array([0, 0, 1, 1, 0, 0, 1, 1]))
        padded = self.add("Pad", [self.source, pads], f"{self.name}/padded")
        axes = self._constant("moved", np.array([1, 2, 3]))
        parts = []
        for channel, down, across in np.argwhere(weight[0]).tolist():
            start = self._constant(f"from{channel}/{down}/{across}", np.array([channel, down, across]))
            ends = [channel + 1, *(step - 2 if step < 2 else _END for step in (down, across))]
            end = self._constant(f"to{channel}/{down}/{across}", np.array(ends))
            parts.append(self.add("Slice", [padded, start, end, axes], f"{self.name}/part{channel}"))
        self.add("Sum", parts, f"{self.name}/sum")
