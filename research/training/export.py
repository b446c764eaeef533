"""A checkpoint to ONNX: OUT.onnx with floats, and OUT-half.onnx with half-precision weights, which is what is bundled.

The input is that of U-2-Net in rembg, 1x3x320x320; the network may run at a smaller side, with the resizing inside.
Arithmetic, input and output stay floats: only what lies on disk is halved.
"""

import copy
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional

from research.training.encoder import Convolution
from research.training.network import Compact

OUTER = 320
OPSET = 17
_WORTH_HALVING = 64  # values in a tensor


class Framed(nn.Module):
    """The network at its own side, between resizings."""

    def __init__(self, network: nn.Module, inner: int) -> None:
        super().__init__()
        self.network, self.inner = network, inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.inner == OUTER:
            return torch.sigmoid(self.network(x))
        return torch.sigmoid(_resized(self.network(_resized(x, self.inner)), OUTER))


def _resized(x: torch.Tensor, side: int) -> torch.Tensor:
    return functional.interpolate(x, (side, side), mode="bilinear", align_corners=False)


class Plain(nn.Module):
    """A convolution of the encoder with its normalisation worked in."""

    def __init__(self, source: Convolution) -> None:
        super().__init__()
        weight, shift = source.folded(trained=False)
        inputs, outputs = weight.shape[1] * source.groups, weight.shape[0]
        self.convolution = nn.Conv2d(
            inputs, outputs, source.kernel, source.stride, source.kernel // 2, groups=source.groups
        )
        self.convolution.weight.data.copy_(weight)
        self.convolution.bias.data.copy_(shift)
        self.active = source.active

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.convolution(x)
        return functional.relu6(x) if self.active else x


def fold(network: nn.Module) -> nn.Module:
    """Put every normalisation into the convolution before it."""
    for name, child in list(network.named_children()):
        if isinstance(child, Convolution):
            setattr(network, name, Plain(child))
        else:
            fold(child)
    if isinstance(network, nn.Sequential) and len(network) >= 2:
        first, second = network[0], network[1]
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
            network[0] = torch.nn.utils.fusion.fuse_conv_bn_eval(first, second)
            network[1] = nn.Identity()
    return network


def halve(source: Path, target: Path) -> None:
    """Store large float tensors as halves, and cast them back at load."""
    model = onnx.load(source)
    stored, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size >= _WORTH_HALVING:
            stored.append(numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}_h"))
            casts.append(helper.make_node("Cast", [f"{tensor.name}_h"], [tensor.name], to=TensorProto.FLOAT))
        else:
            stored.append(tensor)
    nodes = list(model.graph.node)
    del model.graph.initializer[:]
    model.graph.initializer.extend(stored)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)
    onnx.checker.check_model(model)
    onnx.save(model, target)


def export(checkpoint: Path, stem: Path, inner: int) -> None:
    network = Compact()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu"))
    network.eval()
    sample = torch.rand(1, 3, OUTER, OUTER) * 4 - 2
    with torch.no_grad():
        expected = Framed(network, inner).eval()(sample).numpy()
    whole, half = stem.with_name(f"{stem.name}.onnx"), stem.with_name(f"{stem.name}-half.onnx")
    torch.onnx.export(
        Framed(fold(copy.deepcopy(network)), inner).eval(),
        (sample,),
        str(whole),
        input_names=["input"],
        output_names=["mask"],
        opset_version=OPSET,
        dynamo=False,
        do_constant_folding=True,
    )
    halve(whole, half)
    for file in (whole, half):
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        difference = np.abs(session.run(None, {"input": sample.numpy()})[0] - expected).max()
        print(f"{file}: {file.stat().st_size} bytes, off by at most {difference:.2e}")


def main() -> None:
    parser = ArgumentParser(description="Export a checkpoint to ONNX.")
    parser.add_argument("checkpoint", type=Path, help="an OUT.ema.pt of train")
    parser.add_argument("stem", type=Path, help="the files' path without .onnx")
    parser.add_argument("--inner", type=int, default=OUTER)
    given = parser.parse_args()
    export(given.checkpoint, given.stem, given.inner)


if __name__ == "__main__":
    main()
