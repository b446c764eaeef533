"""What a network's graph of floats says about its tensors: shapes, constants, and who uses each."""

import onnx
from onnx import ModelProto, NodeProto, numpy_helper


class Graph:
    def __init__(self, model: ModelProto) -> None:
        graph = onnx.shape_inference.infer_shapes(model).graph
        self.model = model
        self.nodes = list(graph.node)
        self.input, self.output = graph.input[0], graph.output[0]
        self.constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        values = [*graph.input, *graph.value_info, *graph.output]
        self.shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}
        self._users: dict[str, list[NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                self._users.setdefault(name, []).append(node)

    def users(self, name: str) -> list[NodeProto]:
        return self._users.get(name, [])

    def only_user(self, name: str, kind: str) -> NodeProto | None:
        users = self.users(name)
        return users[0] if len(users) == 1 and users[0].op_type == kind else None

    def convolved(self, node: NodeProto) -> str:
        """The tensor that a convolution makes, its activation included."""
        return str((self.only_user(node.output[0], "Relu") or node).output[0])
