"""What is learnt from, and what progress is measured by."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

COARSER = (0.5, 0.4, 0.3, 0.2)  # weight of each coarser mask, finest first


def edge_weighted(logits: Tensor, mask: Tensor, window: int) -> Tensor:
    """Cross-entropy and intersection over union, in which pixels near an edge count up to six times."""
    window |= 1
    weight = 1 + 5 * (functional.avg_pool2d(mask, window, 1, window // 2) - mask).abs()
    each = functional.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    entropy = (weight * each).sum((2, 3)) / weight.sum((2, 3))
    chances = torch.sigmoid(logits)
    common = (chances * mask * weight).sum((2, 3))
    both = ((chances + mask) * weight).sum((2, 3))
    return (entropy + 1 - (common + 1) / (both - common + 1)).mean()


def deep(outputs: Sequence[Tensor], mask: Tensor) -> Tensor:
    """The loss of the mask and, less, of each coarser one."""
    finest, *coarser = outputs
    total = edge_weighted(finest, mask, mask.shape[-1] // 14)
    for logits, share in zip(coarser, COARSER, strict=True):
        smaller = functional.interpolate(mask, logits.shape[-2:], mode="area")
        total = total + share * edge_weighted(logits, smaller, max(3, logits.shape[-1] // 14))
    return total


def scores(chances: np.ndarray, masks: np.ndarray) -> tuple[float, float]:
    """Mean absolute error, and mean intersection over union at one half; both arrays BxHxW in 0 to 1."""
    found, wanted = chances > 0.5, masks > 0.5
    common = (found & wanted).sum((1, 2))
    both = (found | wanted).sum((1, 2))
    return float(np.abs(chances - masks).mean()), float(np.mean(common / np.maximum(1, both)))
