"""Rounds a convolution's weights to 8 bits, so that sums of products lose less than single products.

The inputs of a convolution hardly differ between neighbouring pixels. What rounding adds to the sum of the weights that
a channel's neighbouring pixels meet is therefore an error of every pixel, and what it adds to one of them and takes
from another is next to none. So weights are rounded to the other neighbour where that keeps their sum. What is left is
known for the mean of each channel, and the bias takes it back. On 100 photographs this makes U2-Net's masks three times
as close to float's as rounding to nearest does (docs/decisions/0090).
"""

import numpy as np

LARGEST = 127
_LEAST_SCALE = 1e-12
_BIAS_BITS = 30


def rounded(weight: np.ndarray, bias: np.ndarray, input_scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Integers of a weight (outputs, inputs, height, width), and the scale of each output, in which its bias fits."""
    rows = np.abs(weight).reshape(len(weight), -1)
    scale = np.maximum(rows.max(1) / LARGEST, np.abs(bias) / (input_scale * 2**_BIAS_BITS)).clip(_LEAST_SCALE)
    exact = (weight / scale[:, None, None, None]).reshape(*weight.shape[:2], -1)
    nearest = np.rint(exact)
    error = nearest - exact
    off = np.rint(error.sum(2)).astype(int)[..., None]
    for sign in (1, -1):
        rank = np.argsort(np.argsort(-sign * error, axis=2), axis=2)  # 0: what was rounded furthest that way
        nearest -= sign * (rank < sign * off)
    return nearest.clip(-LARGEST, LARGEST).reshape(weight.shape), scale


def lost(weight: np.ndarray, integers: np.ndarray, scale: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """What rounding takes from each output at the mean of each input channel."""
    error = weight - integers * scale[:, None, None, None]
    return np.asarray(error.sum((2, 3)) @ mean)
