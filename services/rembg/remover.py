"""From a picture to its cut-out: one network per process, and the steps around it.

The network sees a square of a few hundred pixels and answers with a mask of that size. The mask is enlarged and
attached to the picture's own colours, never multiplied into them: multiplying is what gives cut-outs their dark rims.

A mask is stretched to its full range, as the networks' authors do, and so would turn nothing into noise. Two tests
come first: a picture that is the same all over has no subject, and neither has one where the network, whose outputs
are probabilities, gives not a single pixel more than an even chance. (With U2-NetP blank, noisy and graded pictures
peak at 0.05, subjects at 0.94 and more, down to a dot of four pixels.)
"""

import time
from dataclasses import dataclass

import numpy as np
import onnxruntime
from PIL import Image

from services.rembg.weights import Preparation, Weights
from shared import images, png
from shared.errors import UnknownForeground
from shared.models import Foreground
from shared.settings import Invalid

INK = 8  # alpha from which a pixel counts as visible
_UNSURE = slice(26, 230)  # alpha between 10 % and 90 %
_EVEN_CHANCE = 0.5
_BLANK = 3  # of 255: what JPEG makes of one colour
_BLACK = 1e-6  # keeps a black picture from being divided by zero


class Network:
    """An onnxruntime session. Safe to share between threads."""

    def __init__(self, weights: Weights, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting must not eat a core
        self.weights = weights
        self.threads = threads
        self._session = _session(weights, options)
        self._input = self._session.get_inputs()[0].name
        self._output = [self._session.get_outputs()[0].name]  # U2-Net's other six are for training

    def warm_up(self) -> None:
        """The first inference allocates; nobody should have to wait for that."""
        size = self.weights.preparation.size
        self._infer(np.zeros((1, 3, size, size), np.float32))

    def mask(self, picture: Image.Image) -> Image.Image:
        """The subject of an RGB picture as a greyscale mask of the network's size. Raises UnknownForeground."""
        preparation = self.weights.preparation
        small = picture.resize((preparation.size, preparation.size), Image.Resampling.LANCZOS)
        pixels = np.asarray(small)
        if np.ptp(pixels, axis=(0, 1)).max() <= _BLANK:
            raise UnknownForeground()
        chances = self._infer(prepare(pixels, preparation))
        lowest, highest = chances.min(), chances.max()
        if not highest >= _EVEN_CHANCE:  # also when it is not a number
            raise UnknownForeground()
        return Image.fromarray(((chances - lowest) / (highest - lowest) * 255).astype(np.uint8))

    def _infer(self, batch: np.ndarray) -> np.ndarray:
        mask: np.ndarray = self._session.run(self._output, {self._input: batch})[0]
        return mask.reshape(mask.shape[-2:])


def _session(weights: Weights, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(str(weights.path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no class of their own in common
        raise Invalid(f"{weights.path} is not a network that can be run: {error}") from None


def prepare(pixels: np.ndarray, preparation: Preparation) -> np.ndarray:
    """RGB of the network's size as its input, 1x3xSxS."""
    brightest = max(float(pixels.max()), _BLACK)
    scaled = pixels.astype(np.float32) / np.float32(brightest)
    normal = (scaled - np.asarray(preparation.mean, np.float32)) / np.asarray(preparation.deviation, np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None])


@dataclass(frozen=True, slots=True)
class Durations:
    """Seconds of each step; those that were not needed took none."""

    decode: float = 0.0
    infer: float = 0.0
    encode: float = 0.0


@dataclass(frozen=True, slots=True)
class Cutout:
    """An RGBA PNG, upright and as large as the picture. `passed_through`: it was transparent when it came."""

    png: bytes
    width: int
    height: int
    foreground: Foreground
    uncertainty: float
    passed_through: bool
    durations: Durations


def remove(network: Network, data: bytes, judged: images.Judged) -> Cutout:
    """Cut out the subject of a judged file. Raises UnreadableImage and UnknownForeground."""
    start = time.perf_counter()
    images.verify(data, judged)
    picture = images.decode(data, judged)
    decoded = inferred = time.perf_counter()
    passed_through = picture.mode == "RGBA"
    if not passed_through:
        mask = network.mask(picture)
        inferred = time.perf_counter()
        picture.putalpha(mask.resize(picture.size, Image.Resampling.LANCZOS))
    foreground, uncertainty = measure(picture.getchannel("A"))
    encoded = png.encode(np.asarray(picture))
    durations = Durations(decoded - start, inferred - decoded, time.perf_counter() - inferred)
    return Cutout(encoded, *picture.size, foreground, uncertainty, passed_through, durations)


def measure(alpha: Image.Image) -> tuple[Foreground, float]:
    """The box around the ink, and the share of ink that is neither here nor there. UnknownForeground without ink."""
    box = alpha.point([255 * (level >= INK) for level in range(256)]).getbbox()
    if box is None:
        raise UnknownForeground()
    left, top, right, bottom = box
    counts = alpha.histogram()
    return Foreground(top, left, right - left, bottom - top), sum(counts[_UNSURE]) / sum(counts[INK:])
