"""How exactly logos are cut out: the flat method, and networks beside it, on 200 rendered logos with exact alpha.

Run `python -m bench.flat_ground [MODEL.onnx ...]`; without a file the bundled network is the only one. All take the
preparation of u2net. The error is the mean of |alpha - exact alpha| over all pixels, from 0 to 1, logo by logo.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from bench.logos import Logo, logos
from services.rembg import flat_ground
from services.rembg.inference import Network
from services.rembg.weights import BUNDLED, CATALOGUE, Name, Weights
from shared.errors import UnknownForeground

Method = Callable[[np.ndarray], np.ndarray | None]


def main(models: list[Path]) -> None:
    drawn = list(logos())
    print(f"{'':32}{'all':>8}{'where flat is chosen':>24}{'ms a logo':>12}")
    _measure("flat, forced", lambda pixels: _alpha(flat_ground.cut(pixels, forced=True)), drawn)
    for model in models:
        network = Network(Weights(Name.U2NET, model, "", CATALOGUE[Name.U2NET].preparation), 1)
        _measure(model.stem, lambda pixels, network=network: _mask(network, pixels), drawn)  # type: ignore[misc]


def _measure(name: str, method: Method, drawn: list[Logo]) -> None:
    start = time.process_time()
    errors = np.array([error(method(logo.picture), logo.alpha) for logo in drawn])
    each = 1000 * (time.process_time() - start) / len(drawn)
    chosen = np.array([flat_ground.cut(logo.picture) is not None for logo in drawn])
    print(f"{name:32}{errors.mean():8.4f}{errors[chosen].mean():15.4f} of {chosen.sum():3}{each:12.0f}", flush=True)


def error(found: np.ndarray | None, exact: np.ndarray) -> float:
    """The mean difference of two alphas of 0 to 255, as a share; no cut-out at all counts as all clear."""
    return float(np.abs((0 if found is None else found.astype(int)) - exact.astype(int)).mean()) / 255


def _alpha(cutout: tuple[np.ndarray, np.ndarray] | None) -> np.ndarray | None:
    return cutout[1] if cutout else None


def _mask(network: Network, pixels: np.ndarray) -> np.ndarray | None:
    picture = Image.fromarray(pixels)
    try:
        return np.asarray(network.mask(picture).resize(picture.size, Image.Resampling.LANCZOS))
    except UnknownForeground:
        return None


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or [BUNDLED])
