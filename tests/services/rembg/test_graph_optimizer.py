"""What is rewritten computes the same, and what is not understood is left alone."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from services.rembg.graph_optimizer import lightened
from services.rembg.inference import folded
from services.rembg.onnx_wire import Network, Node, Tensor, _message
from tests.services.rembg import graphs

X = np.random.default_rng(7).random((1, 3, 16, 24), np.float32)


def answer(file: bytes) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    given: list[np.ndarray] = session.run(None, {session.get_inputs()[0].name: X})
    return given


def rewritten(network: Network, folder: Path) -> tuple[bytes, Counter[str]]:
    """The lightened file, and how many nodes of each kind it has."""
    path = folder / "network.onnx"
    path.write_bytes(network.file())
    file = lightened(path, folded)
    return file, Counter(node.kind for node in Network.read(file).nodes)


def change(network: Network, kind: str, **attributes: bytes) -> Network:
    nodes = [
        replace(node, attributes={**node.attributes, **attributes}) if node.kind == kind else node
        for node in network.nodes
    ]
    return replace(network, nodes=nodes)


@pytest.mark.parametrize("computed", [False, True])
def test_the_same_mask_comes_out_of_a_lighter_graph(tmp_path: Path, *, computed: bool) -> None:
    network = graphs.with_computed_sizes(graphs.small_u()) if computed else graphs.small_u()
    file, kinds = rewritten(network, tmp_path)
    before, after = answer(network.file()), answer(file)
    assert (len(before), len(after)) == (2, 1)
    assert before[0] == pytest.approx(after[0], abs=1e-6)
    assert np.ptp(before[0]) > 0.1  # it is not all one value
    # Each of four convolutions, one more for the half of what was joined, one more for the mask's products.
    assert kinds == {"Conv": 6, "Relu": 2, "MaxPool": 1, "Resize": 1, "Add": 1, "Sigmoid": 1}
    (resize,) = (node for node in Network.read(file).nodes if node.kind == "Resize")
    assert (len(resize.inputs), resize.text("coordinate_transformation_mode")) == (3, "half_pixel")


def test_constants_that_nothing_needs_any_more_are_gone(tmp_path: Path) -> None:
    file, _ = rewritten(graphs.small_u(), tmp_path)
    lighter = Network.read(file)
    assert set(lighter.constants) == {name for node in lighter.nodes for name in node.inputs} & set(lighter.constants)
    assert not {"to", "other.raw.weight", "joint.weight"} & set(lighter.constants)


def test_a_size_that_is_no_multiple_stays_a_size(tmp_path: Path) -> None:
    network = graphs.small_u()
    network.constants["to"] = graphs.sizes("to", 1, 32, 16, 24)
    odd = change(network, "MaxPool", strides=graphs.integers("strides", 3, 3))  # 16 by 24 become 6 by 8
    file, _ = rewritten(odd, tmp_path)
    assert answer(odd.file())[0] == pytest.approx(answer(file)[0], abs=1e-6)
    (resize,) = (node for node in Network.read(file).nodes if node.kind == "Resize")
    assert len(resize.inputs) == 4


def test_a_scale_that_is_nearly_whole_stays_what_it_is(tmp_path: Path) -> None:
    network = graphs.small_u()
    network.constants["to"] = Tensor.of("to", np.array([1, 1, 2.01, 2.01]))  # of 8 by 12, this makes 16 by 24 as well
    nodes = [
        replace(node, inputs=(*node.inputs[:2], "to")) if node.kind == "Resize" else node for node in network.nodes
    ]
    uneven = replace(network, nodes=nodes)
    file, _ = rewritten(uneven, tmp_path)
    assert answer(uneven.file())[0] == pytest.approx(answer(file)[0], abs=1e-6)


def test_what_is_joined_from_broken_blocks_stays_joined(tmp_path: Path) -> None:
    network = graphs.small_u(middle=8)
    file, kinds = rewritten(network, tmp_path)
    assert kinds["Concat"] == 1
    assert answer(network.file())[0] == pytest.approx(answer(file)[0], abs=1e-6)


def test_what_somebody_else_needs_joined_stays_joined(tmp_path: Path) -> None:
    network = graphs.small_u()
    pads = graphs.integers("pads", 1, 1, 1, 1)
    network.nodes.append(graphs.step("Conv", ["both", "joint.weight"], "again", pads=pads))
    network.nodes.append(graphs.step("Add", ["again", "mask"], "sum"))
    network.outputs = {"sum": graphs.value("sum", (1, 32, 16, 24))}
    file, kinds = rewritten(network, tmp_path)
    assert kinds["Concat"] == 1
    assert answer(network.file())[0] == pytest.approx(answer(file)[0], abs=1e-5)


def test_a_network_without_joined_channels_is_passed_on_as_it_is(tmp_path: Path) -> None:
    pads = graphs.integers("pads", 1, 1, 1, 1)
    weight = {"w": Tensor.of("w", np.ones((1, 3, 3, 3)))}
    network = graphs.network([graphs.step("Conv", ["x", "w"], "y", pads=pads)], weight, X.shape, {"y": (1, 1, 16, 24)})
    path = tmp_path / "network.onnx"
    path.write_bytes(network.file())
    assert lightened(path, folded) == network.file()


@pytest.mark.parametrize("file", [b"", b"<html>not found</html>", bytes(range(256)), b"\xff" * 5000])
def test_what_is_no_network_is_passed_on_as_it_is(tmp_path: Path, file: bytes) -> None:
    path = tmp_path / "network.onnx"
    path.write_bytes(file)
    assert lightened(path, folded) == file


def test_what_is_cut_short_is_passed_on_as_it_is(tmp_path: Path) -> None:
    whole, path = graphs.small_u().file(), tmp_path / "network.onnx"
    for length in range(0, len(whole), 997):
        path.write_bytes(whole[:length])
        assert lightened(path, folded) == whole[:length]


def test_weights_of_another_kind_are_passed_on_as_they_are(tmp_path: Path) -> None:
    network = graphs.small_u()
    halves = network.constants["joint.weight"].values().astype("<f2")
    fields = [*((1, n) for n in halves.shape), (2, 10), (8, b"joint.weight"), (9, halves.tobytes())]
    network.constants["joint.weight"] = Tensor(halves.shape, _message(fields))
    path = tmp_path / "network.onnx"
    path.write_bytes(network.file())
    assert lightened(path, folded) == network.file()


def test_unknown_kinds_are_carried_along(tmp_path: Path) -> None:
    network = graphs.small_u()
    network.nodes.append(Node("HardSwish", ("mask",), ("last",)))
    network.outputs = {"last": graphs.value("last", (1, 1, 16, 24))}
    network = replace(network, _around=[(1, 8), (8, b"\x10\x0e")])  # opset 14
    file, kinds = rewritten(network, tmp_path)
    assert kinds["HardSwish"] == 1
    assert answer(network.file())[0] == pytest.approx(answer(file)[0], abs=1e-6)
