"""`python -m bench.removal.full_size` (by hand): what a network of U2-Net's size needs.

The weights of u2net cannot be had everywhere, and neither time nor memory depends on their values. So the network is
built here from the table its authors published (Qin et al. 2020, table 1: eleven U-shaped blocks, 44 million weights,
176 MB), with random weights: two pictures of 12 megapixels at once, as fast as they go; 2 GB have to be enough.

Needs `onnx`, which nothing else here does: `pip install onnx`.
"""

import importlib
import math
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np

from bench.removal import pictures, servers
from bench.removal.asking import rate
from services.rembg.weights import Name

_SLOTS = 2
_OPSET = 17
_SIDE = 320


class Graph:
    """Nodes and weights of an ONNX graph; each method adds a step and names what comes out of it."""

    def __init__(self) -> None:
        self.onnx: Any = importlib.import_module("onnx")
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.count = 0
        self._random = np.random.default_rng(1)
        self.keep("twice", np.asarray([1, 1, 2, 2], np.float32))

    def convolve(
        self, x: str, inputs: int, outputs: int, *, spread: int = 1, kernel: int = 3, relu: bool = True
    ) -> str:
        """With weights that keep the size of what passes (He et al. 2015)."""
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

    def step(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def save(self, outputs: list[str], path: Path) -> None:
        helper, floats = self.onnx.helper, self.onnx.TensorProto.FLOAT
        into = [helper.make_tensor_value_info("input", floats, [1, 3, _SIDE, _SIDE])]
        out = [helper.make_tensor_value_info(name, floats, [1, 1, _SIDE, _SIDE]) for name in outputs]
        graph = helper.make_graph(self.nodes, "u2net-sized", into, out, self.weights)
        opset = helper.make_opsetid("", _OPSET)
        self.onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), str(path))

    def keep(self, name: str, values: np.ndarray) -> str:
        self.weights.append(self.onnx.numpy_helper.from_array(values, name))
        return name


def block(graph: Graph, x: str, depth: int, inputs: int, middle: int, outputs: int) -> str:
    """A small U inside the large one: down `depth` - 2 times, a wider look at the bottom, up again."""
    top = graph.convolve(x, inputs, outputs)
    seen = [graph.convolve(top, outputs, middle)]
    for _ in range(depth - 2):
        seen.append(graph.convolve(graph.halve(seen[-1]), middle, middle))
    y = graph.convolve(seen[-1], middle, middle, spread=2)
    for skip in seen[:0:-1]:
        y = graph.double(graph.convolve(graph.join(y, skip), 2 * middle, middle))
    return graph.step("Add", graph.convolve(graph.join(y, seen[0]), 2 * middle, outputs), top)


def flat_block(graph: Graph, x: str, inputs: int, middle: int, outputs: int) -> str:
    """The same where the picture is too small to be halved: wider looks instead."""
    top = graph.convolve(x, inputs, outputs)
    first = graph.convolve(top, outputs, middle)
    second = graph.convolve(first, middle, middle, spread=2)
    third = graph.convolve(second, middle, middle, spread=4)
    y = graph.convolve(third, middle, middle, spread=8)
    y = graph.convolve(graph.join(y, third), 2 * middle, middle, spread=4)
    y = graph.convolve(graph.join(y, second), 2 * middle, middle, spread=2)
    return graph.step("Add", graph.convolve(graph.join(y, first), 2 * middle, outputs), top)


def build(path: Path) -> int:
    """Write the network; how many weights it has."""
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
    even = graph.step("InstanceNormalization", fused, *_plain(graph))  # random weights must not drive it to 0 or 1
    graph.save([graph.step("Sigmoid", y) for y in (even, *sides)], path)
    return graph.count


def _plain(graph: Graph) -> tuple[str, str]:
    return graph.keep("scale", np.ones(1, np.float32)), graph.keep("shift", np.zeros(1, np.float32))


def measure(seconds: float) -> list[str]:
    """A row for the page."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "u2net-sized.onnx"
        weights = build(path)
        megabytes = path.stat().st_size / 1e6
        with servers.ours(Name.U2NET, path, REMBG_MAX_WORKERS=str(_SLOTS)) as server:
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
