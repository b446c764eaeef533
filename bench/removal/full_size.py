"""`python -m bench.removal.full_size` (run by hand): time and memory of a network of U2-Net's size.

Neither depends on the values of the weights, which cannot be downloaded everywhere. So the network is built from its
authors' table (Qin et al. 2020, table 1: eleven U-shaped blocks, 44 million weights, 176 MB) with random weights. It
gets two pictures of 12 megapixels at once, back to back; 2 GB must be enough.
"""

import math
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from bench.removal import pictures, servers
from bench.removal.client import rate
from services.rembg.weights import Name
from services.rembg.weights.optimize import optimize

_SLOTS = 2
_OPSET = 17
_SIDE = 320


class Graph:
    """Nodes and weights of an ONNX graph; each method adds a node and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []
        self.count = 0
        self._random = np.random.default_rng(1)
        self.keep("twice", np.asarray([1, 1, 2, 2], np.float32))

    def convolve(
        self, x: str, inputs: int, outputs: int, *, spread: int = 1, kernel: int = 3, relu: bool = True
    ) -> str:
        """With weights that preserve the variance of activations (He et al. 2015)."""
        shape = (outputs, inputs, kernel, kernel)
        values = self._random.standard_normal(shape, np.float32) * np.float32(math.sqrt(2 / (inputs * kernel * kernel)))
        weight = self.keep(f"w{len(self.weights)}", values)
        bias = self.keep(f"b{len(self.weights)}", np.zeros(outputs, np.float32))
        self.count += values.size + outputs
        pad = [spread * (kernel // 2)] * 4
        y = self.step("Conv", x, weight, bias, kernel_shape=[kernel] * 2, pads=pad, dilations=[spread] * 2)
        return self.step("Relu", y) if relu else y

    def halve(self, x: str) -> str:
        return self.step("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])

    def double(self, x: str) -> str:
        return self.step("Resize", x, "", "twice", mode="linear", coordinate_transformation_mode="half_pixel")

    def join(self, *parts: str) -> str:
        return self.step("Concat", *parts, axis=1)

    def step(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def save(self, outputs: list[str], path: Path) -> None:
        floats = TensorProto.FLOAT
        into = [helper.make_tensor_value_info("input", floats, [1, 3, _SIDE, _SIDE])]
        out = [helper.make_tensor_value_info(name, floats, [1, 1, _SIDE, _SIDE]) for name in outputs]
        graph = helper.make_graph(self.nodes, "u2net-sized", into, out, self.weights)
        opset = helper.make_opsetid("", _OPSET)
        onnx.save_model(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)

    def keep(self, name: str, values: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(values, name))
        return name


def block(graph: Graph, x: str, depth: int, inputs: int, middle: int, outputs: int) -> str:
    """A small U inside the large one: down `depth` - 2 times, a dilated convolution at the bottom, up again."""
    top = graph.convolve(x, inputs, outputs)
    seen = [graph.convolve(top, outputs, middle)]
    for _ in range(depth - 2):
        seen.append(graph.convolve(graph.halve(seen[-1]), middle, middle))
    y = graph.convolve(seen[-1], middle, middle, spread=2)
    for skip in seen[:0:-1]:
        y = graph.double(graph.convolve(graph.join(y, skip), 2 * middle, middle))
    return graph.step("Add", graph.convolve(graph.join(y, seen[0]), 2 * middle, outputs), top)


def flat_block(graph: Graph, x: str, inputs: int, middle: int, outputs: int) -> str:
    """The same where the maps are too small to be halved: dilated convolutions instead."""
    top = graph.convolve(x, inputs, outputs)
    first = graph.convolve(top, outputs, middle)
    second = graph.convolve(first, middle, middle, spread=2)
    third = graph.convolve(second, middle, middle, spread=4)
    y = graph.convolve(third, middle, middle, spread=8)
    y = graph.convolve(graph.join(y, third), 2 * middle, middle, spread=4)
    y = graph.convolve(graph.join(y, second), 2 * middle, middle, spread=2)
    return graph.step("Add", graph.convolve(graph.join(y, first), 2 * middle, outputs), top)


def build(path: Path) -> int:
    """Write the network and return its number of weights."""
    graph = Graph()
    one = block(graph, "input", 7, 3, 32, 64)
    two = block(graph, graph.halve(one), 6, 64, 32, 128)
    three = block(graph, graph.halve(two), 5, 128, 64, 256)
    four = block(graph, graph.halve(three), 4, 256, 128, 512)
    five = flat_block(graph, graph.halve(four), 512, 256, 512)
    six = flat_block(graph, graph.halve(five), 512, 256, 512)
    up5 = flat_block(graph, graph.join(graph.double(six), five), 1024, 256, 512)
    up4 = block(graph, graph.join(graph.double(up5), four), 4, 1024, 128, 256)
    up3 = block(graph, graph.join(graph.double(up4), three), 5, 512, 64, 128)
    up2 = block(graph, graph.join(graph.double(up3), two), 6, 256, 32, 64)
    up1 = block(graph, graph.join(graph.double(up2), one), 7, 128, 16, 64)
    sides = []
    for doublings, (x, channels) in enumerate(((up1, 64), (up2, 64), (up3, 128), (up4, 256), (up5, 512), (six, 512))):
        y = graph.convolve(x, channels, 1, relu=False)
        for _ in range(doublings):
            y = graph.double(y)
        sides.append(y)
    fused = graph.convolve(graph.join(*sides), 6, 1, kernel=1, relu=False)
    even = graph.step("InstanceNormalization", fused, *_plain(graph))  # or random weights saturate the sigmoid
    graph.save([graph.step("Sigmoid", y) for y in (even, *sides)], path)
    return graph.count


def _plain(graph: Graph) -> tuple[str, str]:
    return graph.keep("scale", np.ones(1, np.float32)), graph.keep("shift", np.zeros(1, np.float32))


def measure(seconds: float) -> list[str]:
    """A row of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as folder:
        path, optimized = Path(folder) / "u2net-sized.onnx", Path(folder) / "optimized.onnx"
        weights = build(path)
        megabytes = path.stat().st_size / 1e6
        optimize(path, optimized)  # as `make models` does
        with servers.ours(Name.U2NET, optimized, REMBG_MAX_WORKERS=str(_SLOTS)) as server:
            speed, _ = rate(server, Name.U2NET, [pictures.large()], _SLOTS, seconds)
            now, peak = server.memory_mb()
    size = f"{weights / 1e6:.1f} million weights, {megabytes:.0f} MB"
    return [size, f"{server.started_s:.1f} s", f"{60 * speed:.0f} pictures a minute", f"{now} MB, at most {peak} MB"]


def main() -> None:
    parser = ArgumentParser(prog="python -m bench.removal.full_size", description="A network of U2-Net's size.")
    parser.add_argument("--seconds", type=float, default=60.0)
    print(" | ".join(measure(parser.parse_args().seconds)))


if __name__ == "__main__":
    main()
