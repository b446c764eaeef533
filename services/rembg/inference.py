"""The network: one file of weights, run by onnxruntime. The only owner of onnxruntime.

One inference alone is quickest on all cores; several at once get more done when each keeps to its own, because a
network this small loses a tenth of its time dividing the work (docs/benchmarks.md has the table). So there are two
sessions over the same graph, and who is alone takes the wide one. Both take their working memory from one arena, which
never shrinks: without it each inference takes a third more of the processor's time. It takes what is asked for (by
default its pieces double in size), and tensors are placed one by one (planned ahead, a run wants one piece for all of
them): 320 MB for two inferences at once instead of 370 to 560, in the same time.

All threads of a network, its sessions' and its callers', step back behind the process' others, which answer probes and
refuse what is too much in well under a millisecond, and would otherwise stand in line with minutes of work.

A mask is stretched to its full range, as the networks' authors do, and so would turn nothing into noise. Two tests
come first: a picture that is the same all over has no subject, and neither has one where the network, whose outputs
are probabilities, gives not a single pixel more than an even chance. (With U2-NetP blank, noisy and graded pictures
peak at 0.05, subjects at 0.94 and more, down to a dot of four pixels.)
"""

import os
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from services.rembg.graph_optimizer import lightened
from services.rembg.weights import Preparation, Weights
from shared.errors import UnknownForeground
from shared.settings import Invalid

_EVEN_CHANCE = 0.5
# What JPEG and WebP make of one colour: off by 3 of 255 nearly everywhere, by 14 in a few places (0.4 % at quality 20).
_BLANK, _SPOT, _SPOTS = 3, 16, 0.005
_BLACK = 1e-6  # keeps a black picture from being divided by zero
_NICE = 5  # a quarter of a core where one other thread wants it too, all of it where none does
_GAP = 2.0  # Lanczos may first average to twice the size: 6 times as fast at 12 megapixels, 0.03 of 255 away


def lower_priority() -> None:
    """Lower the priority of this thread, and of those it starts. Only on Linux does each thread have its own."""
    if sys.platform == "linux":
        os.nice(_NICE)


class Network:
    """Safe to share between threads. `slots` is how many inferences there may be at once."""

    def __init__(self, weights: Weights, threads: int, slots: int = 1) -> None:
        self.weights = weights
        self.threads = threads
        try:
            self._file = lightened(weights.path, folded)
            self._alone = _session(self._file, threads)
        except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no class of their own in common
            raise Invalid(f"{weights.path} is not a network that can be run: {error}") from None
        self.slots = slots
        self._warming = onnxruntime.RunOptions()
        self._warm = threading.Event()
        self._together = self._alone
        self._input = self._alone.get_inputs()[0].name
        self._output = [self._alone.get_outputs()[0].name]

    @property
    def size(self) -> int:
        return self.weights.preparation.size

    def warm_up(self) -> None:
        """Return after the first inference, which allocates: one of nothing, or of a picture that came meanwhile."""
        try:
            self._infer(self._nothing(), alone=True, options=self._warming)
        except Exception:
            if not self._warming.terminate:
                raise
            self._warm.wait()

    def widen(self) -> None:
        """Make the other session."""
        narrow = max(1, self.threads // self.slots)
        if narrow < self.threads:
            self._together = _session(self._file, narrow)
        self._file = b""  # as large as the weights

    def fill(self) -> None:
        """As many inferences as there may be at once, so that all memory is had; nobody else may be at one."""
        with ThreadPoolExecutor(self.slots) as pool:
            list(pool.map(lambda _: self._infer(self._nothing(), alone=False), range(self.slots)))

    def _nothing(self) -> np.ndarray:
        return np.zeros((1, 3, self.size, self.size), np.float32)

    def mask(self, picture: Image.Image, *, alone: bool = True) -> Image.Image:
        """The subject of an RGB picture as a greyscale mask of the network's size. Raises UnknownForeground."""
        small = picture.resize((self.size, self.size), Image.Resampling.LANCZOS, reducing_gap=_GAP)
        pixels = np.asarray(small)
        if _blank(pixels):
            raise UnknownForeground()
        batch = prepare(pixels, self.weights.preparation)
        self._warming.terminate = True  # from here on; nobody has to wait for an inference of nothing
        try:
            chances = self._infer(batch, alone=alone)
        finally:
            self._warm.set()
        lowest, highest = chances.min(), chances.max()
        if not highest >= _EVEN_CHANCE:  # also when it is not a number
            raise UnknownForeground()
        return Image.fromarray(((chances - lowest) / (highest - lowest) * 255 + 0.5).astype(np.uint8))

    def _infer(self, batch: np.ndarray, *, alone: bool, options: onnxruntime.RunOptions | None = None) -> np.ndarray:
        session = self._alone if alone else self._together
        mask: np.ndarray = session.run(self._output, {self._input: batch}, options)[0]
        return mask.reshape(mask.shape[-2:])


@cache
def _share_arena() -> None:
    """Once a process; sessions ask for it by `use_env_allocators`."""
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    as_requested = onnxruntime.OrtArenaCfg({"arena_extend_strategy": 1})
    onnxruntime.create_and_register_allocator(memory, as_requested)


def _session(file: bytes, threads: int) -> onnxruntime.InferenceSession:
    _share_arena()
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.enable_mem_pattern = False
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting must not eat a core
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def folded(path: Path) -> bytes:
    """A file of the same network with everything worked out that is constant."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "folded.onnx"
        options.optimized_model_filepath = str(file)
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return file.read_bytes()


def _blank(pixels: np.ndarray) -> bool:
    """Whether all is one colour, as far as a lossy format can say that."""
    highest, lowest = pixels.max(axis=0).max(axis=0), pixels.min(axis=0).min(axis=0)  # 15 times as fast as both at once
    if (highest - lowest).max() > _SPOT:
        return False
    off = np.abs(pixels - np.median(pixels, axis=(0, 1))).max(axis=-1)
    return bool((off > _BLANK).mean() <= _SPOTS)


def prepare(pixels: np.ndarray, preparation: Preparation) -> np.ndarray:
    """RGB of the network's size as its input, 1x3xSxS."""
    brightest = max(float(pixels.max()), _BLACK)
    scaled = pixels.astype(np.float32) / np.float32(brightest)
    normal = (scaled - np.asarray(preparation.mean, np.float32)) / np.asarray(preparation.deviation, np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None])
