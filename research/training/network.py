"""The network: a pretrained encoder, and a light decoder that draws the outline back in.

At a thirty-second of the side, where the overview is, three blocks look ever wider and a gate lets the whole picture
speak to every place. The decoder adds what each scale of the encoder saw, spends one or two blocks a scale, and writes
the last doubling as sub-pixels, so that a full-resolution mask costs almost nothing. In ONNX: Conv, Relu, Clip, Add,
Mul, Sigmoid, Resize, GlobalAveragePool and DepthToSpace, nothing else.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from research.training.encoder import SEEN, Encoder
from research.training.teacher import DEVIATION, MEAN

DECODER = (16, 32, 56, 96, 160)  # channels, from half the side to a thirty-second


def convolution(inputs: int, outputs: int, kernel: int = 3, groups: int = 1, dilation: int = 1, *, active: bool = True):
    """Convolution and batch normalisation, with a ReLU unless told otherwise."""
    padding = dilation * (kernel // 2)
    layers = [
        nn.Conv2d(inputs, outputs, kernel, 1, padding, groups=groups, bias=False, dilation=dilation),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if active else []))


class Residual(nn.Module):
    """Two 3x3 convolutions around which the input passes; it starts as the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = convolution(channels, channels, active=False)
        nn.init.zeros_(self.second[1].weight)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(self.first(x)))


class Separable(nn.Module):
    """Widen to twice the channels, look around one channel at a time, narrow; it starts as the identity."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        wide = 2 * channels
        self.widen = convolution(channels, wide, 1)
        self.look = convolution(wide, wide, 3, wide, dilation)
        self.narrow = convolution(wide, channels, 1, active=False)
        nn.init.zeros_(self.narrow[1].weight)

    def forward(self, x: Tensor) -> Tensor:
        wide = self.widen(x)
        with torch.autocast("cpu", enabled=False):
            wide = self.look(wide.float())
        return functional.relu(x + self.narrow(wide))


class Overview(nn.Module):
    """The picture as one vector, which scales the channels everywhere and is added to them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // 2, 1)
        self.scale = nn.Conv2d(channels // 2, channels, 1)
        self.shift = nn.Conv2d(channels // 2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        seen = functional.relu(self.squeeze(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.scale(seen)) + self.shift(seen)


class Compact(nn.Module):
    """Logits of the mask for a normalised RGB batch whose sides are multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        # The encoder learnt on pixels from -1 to 1, this network is given ImageNet's mean and deviation.
        mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
        self.register_buffer("factor", deviation * 255 / 128)
        self.register_buffer("offset", (mean * 255 - 127) / 128)
        half, quarter, eighth, sixteenth, lowest = DECODER
        self.lateral = nn.ModuleList(
            convolution(seen, width, 1, active=width == lowest) for seen, width in zip(SEEN, DECODER, strict=True)
        )
        self.overview = nn.Sequential(
            Separable(lowest), Separable(lowest, 2), Separable(lowest, 3), Overview(lowest),
            convolution(lowest, sixteenth, 1, active=False),
        )  # fmt: skip
        self.drawing = nn.ModuleList(
            [
                convolution(half, half),
                nn.Sequential(Residual(quarter), convolution(quarter, half, 1, active=False)),
                nn.Sequential(Residual(eighth), convolution(eighth, quarter, 1, active=False)),
                nn.Sequential(
                    Separable(sixteenth), Residual(sixteenth), convolution(sixteenth, eighth, 1, active=False)
                ),
            ]
        )
        self.out = nn.Conv2d(half, 4, 3, 1, 1)
        self.hints = nn.ModuleList(nn.Conv2d(width, 1, 1) for width in (half, quarter, eighth, sixteenth))

    def forward(self, x: Tensor, *, deep: bool = False) -> Tensor | tuple[Tensor, ...]:
        """The mask; with `deep` also the coarser ones that training supervises, finest first."""
        seen = self.encoder(x * self.factor + self.offset)
        drawn = self.overview(self.lateral[4](seen[4]))
        coarser = [drawn]
        for scale in (3, 2, 1, 0):
            doubled = functional.interpolate(drawn, scale_factor=2, mode="bilinear", align_corners=False)
            drawn = self.drawing[scale](functional.relu(doubled + self.lateral[scale](seen[scale])))
            coarser.insert(0, drawn)
        mask = functional.pixel_shuffle(self.out(drawn), 2)
        if not deep:
            return mask
        return mask, *(hint(level) for hint, level in zip(self.hints, coarser[1:], strict=True))
