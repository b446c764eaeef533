"""sRGB codes as light, for the print check and mock-ups."""

import numpy as np
from numpy.typing import NDArray

_CODES = np.arange(256) / 255
LINEAR: NDArray[np.float32] = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
"""Linear light 0..1 of each code."""
