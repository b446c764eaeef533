"""Leaves out the channels of a network that are always zero, because Relu never lets anything of them through.

Training with batch normalisation switches channels off: their weights shrink until the bias decides. Of U2-Net's 14,400
channels 2,700 are zero in every pixel of every picture, drawn or photographed, and with them a sixth of all
multiplications. What is left computes the same masks (docs/decisions/0141).

A sum has the channels that live in either of its two tensors: first those of the one made first, last those of the one
made last, and where that saves convolutions work, each tensor has only its own and is padded with zeros to be added.
"""

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper

from services.rembg.weights.calibrate import Observed
from services.rembg.weights.graph import Graph

_MARGIN = 0.25  # of the way from a channel's mean to its maximum: how far below zero the maximum of a dead one is
_MULTIPLE, _LEAST = 4, 16  # channels that onnxruntime's integer convolutions can do without a copy of the picture
_BLOCK = 16  # channels that they compute at a time
_SIZES = 4  # inputs of a Resize to sizes, one of which is the number of channels


def prune(graph: Graph, observed: Observed) -> tuple[Graph, Observed]:
    """The network without its dead channels, and what was observed of the others."""
    pruner = _Pruner(graph, observed)
    for node in graph.nodes:
        pruner.add(node)
    return Graph(pruner.model()), observed.of(pruner.kept)


class _Pruner:
    def __init__(self, graph: Graph, observed: Observed) -> None:
        self._graph, self._observed = graph, observed
        self._nodes: list[NodeProto] = []
        self._constants = dict(graph.constants)
        self._order = {name: place for place, node in enumerate(graph.nodes) for name in node.output}
        self._received = {  # by what Relu makes of a convolution: the convolution
            str(relu.output[0]): str(node.output[0])
            for node in graph.nodes
            if _is_plain(node) and (relu := graph.only_user(node.output[0], "Relu"))
        }
        self.kept = {name: np.arange(shape[1]) for name, shape in graph.shapes.items() if len(shape) > 1}
        self._choose()

    def model(self) -> ModelProto:
        pruned = ModelProto()
        pruned.CopyFrom(self._graph.model)
        graph = pruned.graph
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(self._nodes)
        graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in self._constants.items())
        return pruned

    def add(self, node: NodeProto) -> None:
        """Add the node as it works on the channels that are left."""
        copied = NodeProto()
        copied.CopyFrom(node)
        (out,) = node.output
        parts = [self.kept[name] for name in node.input if name in self.kept]
        if _is_plain(node):
            self._convolve(node, self.kept[node.input[0]], self.kept[out])
        elif node.op_type == "Concat" and len(parts) == len(node.input):
            starts = np.cumsum([0, *(self._graph.shapes[name][1] for name in node.input)])
            self.kept[out] = np.concatenate([part + start for part, start in zip(parts, starts, strict=False)])
        elif joined := self._joined(node):
            first, last = (len(self.kept[out]) - len(self.kept[name]) for name in joined)
            copied.input[:] = [self._padded(joined[0], 0, first), self._padded(joined[1], last, 0)]
        elif node.op_type in ("Relu", "MaxPool", "Resize"):
            self.kept[out] = parts[0]
        self._nodes.append(copied)

    def _convolve(self, node: NodeProto, inputs: np.ndarray, outputs: np.ndarray) -> None:
        weight, *bias = node.input[1:]
        self._constants[weight] = self._graph.constants[weight][outputs][:, inputs]
        for name in bias:
            self._constants[name] = self._graph.constants[name][outputs]

    def _padded(self, name: str, before: int, after: int) -> str:
        if not before and not after:
            return name
        padded, pads = f"pruned/{name}", f"pruned/{name}/pads"
        self._constants[pads] = np.array([0, before, 0, 0, 0, after, 0, 0])
        self._nodes.append(helper.make_node("Pad", [name, pads], [padded]))
        return padded

    def _choose(self) -> None:
        for name in self._received:
            if self._is_free(name):
                life = self._life(name)
                self._keep(name, _filled(np.flatnonzero(life > 0), life))
        for node in self._graph.nodes:
            joined = self._joined(node)
            if joined and self._is_free(node.output[0]):
                self.kept[node.output[0]] = self._arrange(*joined)

    def _arrange(self, first: str, last: str) -> np.ndarray:
        """The channels of a sum, of which `first` has those at the beginning, and `last` those at the end."""
        lives = self._life(first), self._life(last)
        one, other = (life > 0 for life in lives)
        groups = [np.flatnonzero(group) for group in (one & ~other, one & other, other & ~one)]
        order = _filled(np.concatenate(groups), np.maximum(*lives))
        start = min(len(groups[0]) // _MULTIPLE * _MULTIPLE, len(order) - _LEAST)
        end = max(-(-(len(groups[0]) + len(groups[1])) // _MULTIPLE) * _MULTIPLE, _LEAST)
        for name, part in ((first, order[:end]), (last, order[start:])):
            self._keep(name, part if _blocks(part) < _blocks(order) else order)
        return order

    def _keep(self, name: str, channels: np.ndarray) -> None:
        self.kept[name] = self.kept[self._received[name]] = channels

    def _life(self, name: str) -> np.ndarray:
        """Of each channel of an activation: above zero if it may be more than zero in some picture."""
        received = self._received[name]
        most, mean = self._observed.highs[received], self._observed.means[received]
        return np.asarray(most + _MARGIN * (most - mean))

    def _joined(self, node: NodeProto) -> tuple[str, str] | None:
        """The two activations that are added, in their order: each only here, and the last is not used elsewhere."""
        if node.op_type != "Add" or not all(name in self._received for name in node.input):
            return None
        first, last = sorted(node.input, key=self._order.__getitem__)
        sums = [user for user in self._graph.users(first) if user.op_type == "Add"]
        return (first, last) if len(self._graph.users(last)) == len(sums) == 1 else None

    def _is_free(self, name: str) -> bool:
        """Whether all users can do without some of its channels."""
        return name != self._graph.output.name and all(self._can_do_without(user) for user in self._graph.users(name))

    def _can_do_without(self, node: NodeProto) -> bool:
        match node.op_type:
            case "Conv":
                return _is_plain(node)
            case "Concat":
                passes = node.attribute[0].i == 1
            case "Add":
                passes = self._joined(node) is not None
            case "Resize":
                passes = len(node.input) < _SIZES
            case kind:
                passes = kind == "MaxPool"
        return passes and self._is_free(node.output[0])


def _is_plain(node: NodeProto) -> bool:
    return node.op_type == "Conv" and all(given.i == 1 for given in node.attribute if given.name == "group")


def _filled(living: np.ndarray, life: np.ndarray) -> np.ndarray:
    """The living channels, and as many others as their number needs, those nearest to life."""
    count = max(_LEAST, -(-len(living) // _MULTIPLE) * _MULTIPLE)
    others = [channel for channel in np.argsort(-life, kind="stable") if channel not in living]
    return np.concatenate([living, others[: count - len(living)]]).astype(int)


def _blocks(channels: np.ndarray) -> int:
    return -(-len(channels) // _BLOCK)
