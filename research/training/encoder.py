"""EfficientNet-Lite0 without its head, pretrained on ImageNet: what the network sees a picture with.

Its normalisation statistics stay frozen and are folded into the convolutions on the fly, scale and shift remain
trainable; on a CPU that halves the memory traffic of training. Padding is symmetric where TensorFlow's is not, which
the weights do not mind. The stem and the first blocks stay as they are.
"""

import contextlib
from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

# kernel, stride, widening, channels, blocks of each stage
STAGES = ((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1))  # fmt: skip # noqa: E501
STEM = 32
SEEN_AFTER = (0, 2, 4, 10, 15)  # blocks whose outputs the decoder takes, at strides 2 to 32
SEEN = (16, 24, 40, 112, 320)  # their channels
FROZEN = 3  # blocks
_EPSILON = 1e-3


class Convolution(nn.Module):
    """Convolution and frozen normalisation, with a ReLU6 unless told otherwise."""

    train_wide_kernels = True  # gradients of 5x5 depthwise kernels are slow: train.py leaves them out of most steps

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, *, active: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs // groups, kernel, kernel))
        self.scale, self.shift = nn.Parameter(torch.ones(outputs)), nn.Parameter(torch.zeros(outputs))
        self.register_buffer("mean", torch.zeros(outputs))
        self.register_buffer("variance", torch.ones(outputs))
        self.kernel, self.stride, self.groups, self.active = kernel, stride, groups, active

    @property
    def slow(self) -> bool:
        return self.groups > 1 and self.kernel > 3

    def folded(self, *, trained: bool = True) -> tuple[Tensor, Tensor]:
        scale, weight = (self.scale, self.weight) if trained else (self.scale.detach(), self.weight.detach())
        factor = scale * torch.rsqrt(self.variance + _EPSILON)
        return weight * factor[:, None, None, None], self.shift - self.mean * factor

    def forward(self, x: Tensor) -> Tensor:
        if self.groups == 1:
            x = functional.conv2d(x, *self.folded(), self.stride, self.kernel // 2)
        else:  # depthwise in single precision: bfloat16 has no fast backward pass for it
            with torch.autocast("cpu", enabled=False):
                weight, shift = self.folded(trained=not self.slow or Convolution.train_wide_kernels)
                x = functional.conv2d(x.float(), weight, None, self.stride, self.kernel // 2, 1, self.groups)
                x = x.add_(shift[:, None, None])
        return functional.relu6(x, inplace=True) if self.active else x


class Block(nn.Module):
    """Widen, look around one channel at a time, narrow; with a way around where the shapes allow."""

    def __init__(self, inputs: int, outputs: int, widening: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = inputs * widening
        self.passes = stride == 1 and inputs == outputs
        self.widen = Convolution(inputs, wide) if widening > 1 else nn.Identity()
        self.look = Convolution(wide, wide, kernel, stride, wide)
        self.narrow = Convolution(wide, outputs, active=False)

    def forward(self, x: Tensor) -> Tensor:
        narrowed = self.narrow(self.look(self.widen(x)))
        return x + narrowed if self.passes else narrowed


class Encoder(nn.Module):
    """A normalised batch to feature maps at strides 2, 4, 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, STEM, 3, 2)
        shapes = [
            (kernel, stride if index == 0 else 1, widening, channels)
            for kernel, stride, widening, channels, blocks in STAGES
            for index in range(blocks)
        ]
        widths = pairwise([STEM, *(channels for *_, channels in shapes)])
        self.blocks = nn.ModuleList(
            Block(inputs, outputs, widening, kernel, stride)
            for (inputs, outputs), (kernel, stride, widening, _) in zip(widths, shapes, strict=True)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        seen = []
        with torch.no_grad():
            x = self.stem(x)
        for index, block in enumerate(self.blocks):
            with torch.no_grad() if index < FROZEN else contextlib.nullcontext():
                x = block(x)
            if index in SEEN_AFTER:
                seen.append(x)
        return seen

    def frozen(self) -> list[nn.Parameter]:
        return [p for module in (self.stem, *self.blocks[:FROZEN]) for p in module.parameters()]

    def load_imagenet(self, state: Mapping[str, Tensor]) -> None:
        """Take the weights of the published PyTorch conversion."""
        _take(self.stem, state, "_conv_stem", "_bn0")
        for index, block in enumerate(self.blocks):
            prefix = f"_blocks.{index}."
            if isinstance(block.widen, Convolution):
                _take(block.widen, state, f"{prefix}_expand_conv", f"{prefix}_bn0")
            _take(block.look, state, f"{prefix}_depthwise_conv", f"{prefix}_bn1")
            _take(block.narrow, state, f"{prefix}_project_conv", f"{prefix}_bn2")


def _take(module: Convolution, state: Mapping[str, Tensor], convolution: str, normalisation: str) -> None:
    module.weight.data.copy_(state[f"{convolution}.weight"])
    module.scale.data.copy_(state[f"{normalisation}.weight"])
    module.shift.data.copy_(state[f"{normalisation}.bias"])
    module.mean.copy_(state[f"{normalisation}.running_mean"])
    module.variance.copy_(state[f"{normalisation}.running_var"])
