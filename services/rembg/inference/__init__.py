"""Runs a network with onnxruntime: from an RGB picture to the mask of its subject.

One inference alone is fastest on all cores; several at once get more done with one core each, because a network this
small loses a tenth of its time dividing the work (docs/benchmarks.md has the table). So there are two sessions
(sessions.py), and an inference that is alone takes the one of several threads.

All threads of a network, its sessions' and its callers', run at a lower priority than the rest of the process, which
answers probes and refuses excess load in well under a millisecond and would otherwise queue behind minutes of work.

A mask is stretched to its full range, as the networks' authors do, which would turn nothing into noise. Two checks
prevent that: a picture of a single colour has no subject, and neither has one in which no pixel's output, a
probability, exceeds an even chance. (With U2-NetP blank, noisy and graded pictures peak at 0.05, subjects at 0.94 and
more, down to a dot of four pixels.)
"""

import os
import sys
import threading
from collections.abc import Callable

import numpy as np
import onnxruntime
from PIL import Image

from services.rembg.blank import is_blank
from services.rembg.inference.sessions import Sessions, give_back
from services.rembg.weights import Precision, Preparation, Weights
from shared.errors import UnknownForeground
from shared.settings import Invalid

_EVEN_CHANCE = 0.5
_BLACK = 1e-6  # so that a black picture is not divided by zero
_NICE = 5  # a quarter of a core beside one other busy thread, all of it without one
_GAP = 2.0  # Lanczos may first average to twice the size: 6 times as fast at 12 megapixels, 0.03 of 255 away


def lower_priority() -> None:
    """Lower the priority of this thread, and of those it starts. Only on Linux does each thread have its own."""
    if sys.platform == "linux":
        os.nice(_NICE)


Ran = Callable[[Precision], object]


def forget(_: Precision) -> None:
    pass


class Network:
    """Safe to share between threads. `slots` is how many inferences there may be at once."""

    def __init__(self, weights: Weights, threads: int, slots: int = 1) -> None:
        self.weights = weights
        self.threads = threads
        file = weights.optimized or weights.path
        try:
            self._sessions = Sessions(file)
            self._alone = self._sessions.make(threads)
            each = max(1, threads // slots)
            self._together = self._alone if each == threads else self._sessions.make(each)
        except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no class of their own in common
            raise Invalid(f"{file} is not a network that can be run: {error}") from None
        self._warming = onnxruntime.RunOptions()
        self._warm = threading.Event()
        self._input = self._alone.get_inputs()[0].name
        self._output = [self._alone.get_outputs()[0].name]

    @property
    def size(self) -> int:
        return self.weights.preparation.size

    def warm_up(self) -> None:
        """Return after the first inference, which allocates: of zeros, or of a picture that arrived meanwhile."""
        try:
            self._infer(self._zeros(), alone=True, options=self._warming)
        except Exception:
            if not self._warming.terminate:
                raise
            self._warm.wait()

    def _zeros(self) -> np.ndarray:
        return np.zeros((1, 3, self.size, self.size), np.float32)

    def mask(self, picture: Image.Image, *, alone: bool = True, ran: Ran = forget) -> Image.Image:
        """The subject of an RGB picture as a greyscale mask of the network's size. Raises UnknownForeground.

        `ran` is told the precision in which the mask was computed.
        """
        chances = self.chances(picture, alone=alone)
        ran(self.weights.precision)
        return mask_of(chances)

    def chances(self, picture: Image.Image, *, alone: bool = True) -> np.ndarray:
        """Each pixel's probability of belonging to the subject. Raises UnknownForeground for a single colour."""
        small = picture.resize((self.size, self.size), Image.Resampling.LANCZOS, reducing_gap=_GAP)
        pixels = np.asarray(small)
        if is_blank(pixels):
            raise UnknownForeground()
        batch = prepare(pixels, self.weights.preparation)
        self._warming.terminate = True  # for good: the warm-up yields to pictures
        try:
            return self._infer(batch, alone=alone)
        finally:
            self._warm.set()

    def rest(self) -> None:
        """Return memory that no picture in work needs; called when there is none."""
        give_back()

    def _infer(self, batch: np.ndarray, *, alone: bool, options: onnxruntime.RunOptions | None = None) -> np.ndarray:
        session = self._alone if alone else self._together
        mask: np.ndarray = session.run(self._output, {self._input: batch}, options)[0]
        return mask.reshape(mask.shape[-2:])


def mask_of(chances: np.ndarray) -> Image.Image:
    """Stretched to its full range. Raises UnknownForeground where nothing is more likely than not."""
    lowest, highest = chances.min(), chances.max()
    if not highest >= _EVEN_CHANCE:  # also when it is not a number
        raise UnknownForeground()
    return Image.fromarray(((chances - lowest) / (highest - lowest) * 255 + 0.5).astype(np.uint8))


def prepare(pixels: np.ndarray, preparation: Preparation) -> np.ndarray:
    """An RGB picture of the network's size, SxSx3, as its input, 1x3xSxS."""
    brightest = max(float(pixels.max()), _BLACK)
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32)  # a third of the time of interleaved ones
    ends = preparation.mean, preparation.deviation
    mean, deviation = (np.asarray(values, np.float32)[:, None, None] for values in ends)
    return np.asarray(((planes / np.float32(brightest) - mean) / deviation)[None])
