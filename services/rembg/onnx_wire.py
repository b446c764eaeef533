"""Files of networks (ONNX), as far as the nodes and constants of a graph have to be read and made anew.

The `onnx` package can do that, but takes 130 ms of a start that is to last one second, and 30 MB. So a file is taken
here for what it is on disk, messages in the wire format of Protocol Buffers
(https://protobuf.dev/programming-guides/encoding): rows of fields, each a key, which says the field's number and form,
and a value. The numbers below are those of onnx.proto. What is not looked at is passed on as it was; weights, many
megabytes, are copied once, when the file is put together again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Self

import numpy as np

Bytes = bytes | memoryview
Value = int | Bytes
Field = tuple[int, Value]

_VARINT, _COUNTED = 0, 2  # forms
_FIXED = {1: 8, 5: 4}  # the lengths of the other forms
_LONGEST_VARINT = 10
_FLOAT, _INTEGER = 1, 7  # kinds of tensors that are looked into
_STRING, _SUBGRAPHS = 3, (5, 10)  # kinds of attributes
_IR_VERSION = 4  # older files list every constant as an input too


class Unfamiliar(ValueError):
    """The file holds what this module does not know, or no network at all."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A constant; `message` is how it stands in the file, with its name."""

    shape: tuple[int, ...]
    message: Bytes

    @classmethod
    def read(cls, message: Bytes) -> Self:
        return cls(tuple(_integers(_fields(message), 1)), message)

    @classmethod
    def of(cls, name: str, values: np.ndarray) -> Self:
        """Of 32-bit floats."""
        raw = np.ascontiguousarray(values, "<f4").tobytes()
        return cls(values.shape, _message([*((1, n) for n in values.shape), (2, _FLOAT), (8, name.encode()), (9, raw)]))

    def values(self) -> np.ndarray:
        """Of 32-bit floats or 64-bit integers; Unfamiliar when it has others, or has them outside of the file."""
        said = dict(_fields(self.message))
        form, raw = {_FLOAT: "<f4", _INTEGER: "<i8"}.get(_number(said.get(2))), said.get(9)
        if form is None or raw is None or isinstance(raw, int):
            raise Unfamiliar("a constant of an unusual kind")
        values = np.frombuffer(raw, form)
        if values.size != prod(self.shape):
            raise Unfamiliar("a constant cut short")
        return values.reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Node:
    """`attributes` are how they stand in the file, by their names."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Bytes] = field(default_factory=dict)
    domain: str = ""

    @classmethod
    def read(cls, message: Bytes) -> Self:
        fields = list(_fields(message))
        attributes = {}
        for raw in _all(fields, 5):
            attribute = dict(_fields(raw))
            if attribute.get(20) in _SUBGRAPHS:
                raise Unfamiliar("a node with a graph of its own")
            attributes[_text(attribute.items(), 1)] = raw
        inputs, outputs = (tuple(_string(name) for name in _all(fields, number)) for number in (1, 2))
        return cls(_text(fields, 4), inputs, outputs, attributes, _text(fields, 7))

    def text(self, name: str) -> str:
        return _text(_fields(self.attributes.get(name, b"")), 4)

    def integer(self, name: str, default: int) -> int:
        return (_integers(_fields(self.attributes.get(name, b"")), 3) or [default])[0]

    def integers(self, name: str, default: list[int]) -> list[int]:
        return _integers(_fields(self.attributes.get(name, b"")), 8) or default

    def message(self) -> bytes:
        named = [(number, name.encode()) for number, names in ((1, self.inputs), (2, self.outputs)) for name in names]
        kind, domain = (4, self.kind.encode()), (7, self.domain.encode())
        return _message([*named, kind, *((5, raw) for raw in self.attributes.values()), domain])


def text_attribute(name: str, value: str) -> bytes:
    return _message([(1, name.encode()), (4, value.encode()), (20, _STRING)])


@dataclass(slots=True)
class Network:
    """A graph, in the order of computing, and what goes round it."""

    nodes: list[Node]
    constants: dict[str, Tensor]
    inputs: dict[str, tuple[int, ...]]  # their shapes; 0 is a length that is not fixed
    outputs: Mapping[str, Bytes]
    _around: Sequence[Field]
    _beside: Sequence[Field]

    @classmethod
    def read(cls, file: Bytes) -> Self:
        """Raises Unfamiliar."""
        model = list(_fields(file))
        if len(_all(model, 7)) != 1 or _number(dict(model).get(1)) < _IR_VERSION or _all(model, 25):
            raise Unfamiliar("no network, an old one, or one with functions of its own")
        graph = list(_fields(_all(model, 7)[0]))
        return cls(
            nodes=[Node.read(node) for node in _all(graph, 1)],
            constants={_text(_fields(tensor), 8): Tensor.read(tensor) for tensor in _all(graph, 5)},
            inputs={_text(_fields(value), 1): _lengths(value) for value in _all(graph, 11)},
            outputs={_text(_fields(value), 1): value for value in _all(graph, 12)},
            _around=[each for each in model if each[0] != 7],
            _beside=[each for each in graph if each[0] not in (1, 5, 12, 13)],  # 13: shapes, which may change
        )

    def file(self) -> bytes:
        nodes = [(1, node.message()) for node in self.nodes]
        constants = [(5, tensor.message) for tensor in self.constants.values()]
        outputs = [(12, value) for value in self.outputs.values()]
        graph = _parts([*nodes, *self._beside, *constants, *outputs])
        head = [_written(7 << 3 | _COUNTED), _written(sum(map(len, graph)))]
        return b"".join([*_parts(self._around), *head, *graph])


def _lengths(value: Bytes) -> tuple[int, ...]:
    """Of the tensor that goes in: its type's, of a tensor, the shape's dimensions."""
    for number in (2, 1, 2):
        value = (_all(_fields(value), number) or [b""])[0]
    return tuple(_number(dict(_fields(length)).get(1)) for length in _all(_fields(value), 1))


def _all(fields: Iterable[Field], wanted: int) -> list[Bytes]:
    return [value for number, value in fields if number == wanted and not isinstance(value, int)]


def _text(fields: Iterable[Field], wanted: int) -> str:
    return _string((_all(fields, wanted) or [b""])[-1])


def _string(value: Bytes) -> str:
    try:
        return bytes(value).decode()
    except UnicodeDecodeError:
        raise Unfamiliar("a name that is no text") from None


def _number(value: Value | None) -> int:
    return value if isinstance(value, int) else 0


def _integers(fields: Iterable[Field], wanted: int) -> list[int]:
    """Signed; each in a field of its own, or all in a row."""
    found: list[int] = []
    for number, value in fields:
        if number != wanted:
            continue
        if isinstance(value, int):
            found.append(value)
            continue
        at = 0
        while at < len(value):
            one, at = _varint(value, at)
            found.append(one)
    return [one - (1 << 64) if one >> 63 else one for one in found]


def _fields(message: Bytes) -> Iterator[Field]:
    view, at = memoryview(message), 0
    while at < len(view):
        key, at = _varint(view, at)
        if key & 7 == _VARINT:
            value, at = _varint(view, at)
            yield key >> 3, value
            continue
        length = _FIXED.get(key & 7)
        if key & 7 == _COUNTED:
            length, at = _varint(view, at)
        if length is None or at + length > len(view):
            raise Unfamiliar("no row of fields")
        yield key >> 3, view[at : at + length]
        at += length


def _varint(view: Bytes, at: int) -> tuple[int, int]:
    """The number that begins there, seven bits a byte, and where it ends."""
    if at < len(view) and view[at] < 128:  # nearly all of them
        return view[at], at + 1
    number = 0
    for index, byte in enumerate(view[at : at + _LONGEST_VARINT]):
        number |= (byte & 127) << 7 * index
        if byte < 128:
            return number, at + index + 1
    raise Unfamiliar("a number without end")


def _message(fields: Iterable[Field]) -> bytes:
    return b"".join(_parts(fields))


def _parts(fields: Iterable[Field]) -> list[Bytes]:
    parts: list[Bytes] = []
    for number, value in fields:
        if isinstance(value, int):
            parts += [_written(number << 3 | _VARINT), _written(value)]
        else:
            parts += [_written(number << 3 | _COUNTED), _written(len(value)), value]
    return parts


def _written(number: int) -> bytes:
    row = bytearray()
    while number > 127:
        row.append(number & 127 | 128)
        number >>= 7
    return bytes([*row, number])
