"""Files of networks are read and put together without losing anything."""

from dataclasses import replace

import numpy as np
import pytest

from services.rembg.onnx_wire import Network, Node, Tensor, Unfamiliar, _message
from services.rembg.weights import BUNDLED
from tests.services.rembg import graphs


def test_a_file_read_and_written_says_the_same() -> None:
    file = BUNDLED.read_bytes()
    once = Network.read(file)
    again = Network.read(once.file())
    assert once.inputs == again.inputs == {"input": (1, 3, 320, 320)}
    assert list(once.outputs) == list(again.outputs) == ["mask"]
    assert [node.message() for node in once.nodes] == [node.message() for node in again.nodes]
    assert {name: bytes(t.message) for name, t in once.constants.items()} == {
        name: bytes(t.message) for name, t in again.constants.items()
    }


def test_attributes_are_read_by_their_kind() -> None:
    attributes = {
        "pads": graphs.integers("pads", 1, 0, 300, 0),
        "axis": graphs.integer("axis", -1 % 2**64),
        **graphs.HALF_PIXELS,
    }
    node = Node.read(Node("Any", ("a", ""), ("b",), attributes).message())
    assert (node.kind, node.inputs, node.outputs) == ("Any", ("a", ""), ("b",))
    assert node.integers("pads", []) == [1, 0, 300, 0]
    assert node.integer("axis", 1) == -1
    assert node.text("mode") == "linear"
    assert (node.integer("group", 1), node.integers("strides", [1]), node.text("auto_pad")) == (1, [1], "")


def test_integers_in_a_row_are_read_like_integers_one_by_one() -> None:
    row = _message([(1, b"pads"), (8, bytes([1, 2, 0xAC, 2])), (20, 7)])
    assert Node("Any", (), (), {"pads": row}).integers("pads", []) == [1, 2, 300]


def test_constants_keep_their_values() -> None:
    values = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    tensor = Tensor.read(memoryview(Tensor.of("t", values).message))
    assert np.array_equal(tensor.values(), values)
    assert graphs.sizes("s", 1, -2).values().tolist() == [1, -2]


@pytest.mark.parametrize(
    "fields",
    [
        [(1, 2), (2, 10), (8, b"t"), (9, b"\0\0\0\0")],  # half floats
        [(1, 1), (2, 1), (8, b"t"), (4, b"\0\0\0\0")],  # not as a row of bytes
        [(1, 2), (2, 1), (8, b"t"), (9, b"\0\0\0\0")],  # too few
    ],
)
def test_constants_of_other_forms_are_unfamiliar(fields: list[tuple[int, int | bytes]]) -> None:
    with pytest.raises(Unfamiliar):
        Tensor.read(_message(fields)).values()


def test_files_with_more_than_is_read_here_are_unfamiliar() -> None:
    network = graphs.small_u()
    branch = _message([(1, b"then_branch"), (6, b""), (20, 5)])
    for more in (
        replace(network, nodes=[*network.nodes, Node("If", ("mask",), ("z",), {"then_branch": branch})]),
        replace(network, _around=[*network._around, (25, b"")]),
        replace(network, _around=[(1, 3), *network._around[1:]]),
    ):
        with pytest.raises(Unfamiliar):
            Network.read(more.file())
