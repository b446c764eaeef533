"""The network: an encoder that looks ever wider, a decoder that draws the outline back in.

Dense residual blocks down to an eighth of the side, where detail is; inverted residual blocks with 5x5 depthwise
kernels at a sixteenth and a thirty-second, where the overview is; one gate that lets the whole picture speak to every
place. The decoder adds what each scale of the encoder saw, spends one 3x3 block a scale, and writes the last doubling
as sub-pixels, so that a full-resolution mask costs almost nothing. In ONNX: Conv, Relu, Add, Mul, Sigmoid, Resize,
GlobalAveragePool and DepthToSpace, nothing else.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = (16, 32, 56, 96, 144)  # of the encoder, from half the side to a thirty-second
DEPTHS = (1, 2, 4, 5)  # blocks after each halving but the first
DECODER = (16, 24, 40, 64)  # channels, from half the side to a sixteenth and below


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, *, groups: int = 1, active: bool = True):
    """Convolution and batch normalisation, with a ReLU unless told otherwise."""
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
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


class Inverted(nn.Module):
    """Widen, look around one channel at a time, narrow; with a way around where the shapes allow."""

    def __init__(self, inputs: int, outputs: int, widening: int = 3, stride: int = 1) -> None:
        super().__init__()
        wide = inputs * widening
        self.passes = stride == 1 and inputs == outputs
        self.layers = nn.Sequential(
            convolution(inputs, wide, 1),
            convolution(wide, wide, 5, stride, groups=wide),
            convolution(wide, outputs, 1, active=False),
        )
        if self.passes:
            nn.init.zeros_(self.layers[2][1].weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.passes else self.layers(x)


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
        half, quarter, eighth, sixteenth, lowest = CHANNELS
        dense_4, dense_8, wide_16, wide_32 = DEPTHS
        self.encoder = nn.ModuleList(
            [
                convolution(3, half, 3, 2),
                nn.Sequential(convolution(half, quarter, 3, 2), *_repeat(dense_4, Residual, quarter)),
                nn.Sequential(convolution(quarter, eighth, 3, 2), *_repeat(dense_8, Residual, eighth)),
                nn.Sequential(Inverted(eighth, sixteenth, 4, 2), *_repeat(wide_16, Inverted, sixteenth, sixteenth)),
                nn.Sequential(
                    Inverted(sixteenth, lowest, 4, 2), *_repeat(wide_32, Inverted, lowest, lowest), Overview(lowest)
                ),
            ]
        )
        narrow, thin, medium, broad = DECODER
        widths = (narrow, thin, medium, broad, broad)
        self.lateral = nn.ModuleList(
            [convolution(seen, width, 1, active=False) for seen, width in zip(CHANNELS, widths, strict=True)]
        )
        self.drawing = nn.ModuleList(
            [
                convolution(narrow, narrow),
                nn.Sequential(Residual(thin), convolution(thin, narrow, 1)),
                nn.Sequential(Residual(medium), convolution(medium, thin, 1)),
                nn.Sequential(Residual(broad), convolution(broad, medium, 1)),
            ]
        )
        self.out = nn.Conv2d(narrow, 4, 3, 1, 1)
        self.hints = nn.ModuleList([nn.Conv2d(width, 1, 1) for width in DECODER])

    def forward(self, x: Tensor, *, deep: bool = False) -> Tensor | tuple[Tensor, ...]:
        """The mask; with `deep` also the coarser ones that training supervises, finest first."""
        seen = []
        for stage in self.encoder:
            x = stage(x)
            seen.append(x)
        drawn = self.lateral[4](seen[4])
        coarser = [drawn]
        for scale in (3, 2, 1, 0):
            doubled = functional.interpolate(drawn, scale_factor=2, mode="bilinear", align_corners=False)
            drawn = self.drawing[scale](functional.relu(doubled + self.lateral[scale](seen[scale])))
            coarser.insert(0, drawn)
        mask = functional.pixel_shuffle(self.out(drawn), 2)
        if not deep:
            return mask
        return mask, *(hint(level) for hint, level in zip(self.hints, coarser[1:], strict=True))


def _repeat(times: int, block: type[nn.Module], *widths: int) -> list[nn.Module]:
    return [block(*widths) for _ in range(times)]
