"""`python -m research.quantize MODEL`: an int8 form of a network, and how far its masks are from the float ones.

Static quantization (QDQ): convolutions and what lies between them in 8 bits, scales from percentiles of what drawn
pictures bring about in each layer, so that rare outliers do not cost everybody's precision. The last layers, which draw
the mask at full size and add up everything before, are sensitive far beyond their cost and stay in float: an island at
the end of the graph, made no larger than the masks need. Quality is reported on pictures that were not calibrated with.

Needs `onnx`, which the service does not: `pip install onnx`. REMBG_PRECISION=int8 runs the result.
"""

import importlib
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image, ImageDraw, ImageFilter

from services.rembg.inference import prepare
from services.rembg.settings import Model
from services.rembg.weights import Name, Preparation, Weights
from services.rembg.weights.resolve import locate, quantized_path

_TYPES = ["Conv", "Relu", "MaxPool", "Concat", "Resize", "Add"]
_PERCENTILE = 99.99
_OPSET = 13  # the first in which weights have a scale for each channel
_CALIBRATED, _TRIED, _JUDGED = 6, 3, 6  # pictures
_WINDOW, _MOST_ISLANDS = 24, 3  # neighbouring nodes that are tried in float, and how often more of them
_GOOD_ENOUGH = 1.0  # of 255


def main(arguments: list[str] | None = None) -> int:
    parser = ArgumentParser(prog="python -m research.quantize", description="Make an int8 form of a network.")
    parser.add_argument("model", type=Name, metavar="MODEL", help=", ".join(Name))
    parser.add_argument("pictures", nargs="*", type=Path, help="to judge by; drawn ones without any")
    asked = parser.parse_args(arguments)
    settings = Model.read()
    weights = locate(asked.model, settings.path, settings.folder)
    judged = [Image.open(path).convert("RGB") for path in asked.pictures] or list(drawn(_JUDGED, seed=1000))
    target = quantized_path(weights, settings.folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    quantize(weights, target, [_batch(picture, weights.preparation) for picture in judged])
    print(f"{target} is what REMBG_PRECISION=int8 runs")
    return 0


def quantize(weights: Weights, target: Path, judged: list[np.ndarray]) -> float:
    """Write the quantized form; the mean difference of its masks, of 255."""
    prepared = weights.preparation
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "float.onnx"
        nodes = _modern(weights.path, source)
        ranges = _ranges(source, [_batch(picture, prepared) for picture in drawn(_CALIBRATED, seed=1)])
        tried = [_batch(picture, prepared) for picture in drawn(_TRIED, seed=500)]
        wanted, _ = _masks(weights.path, tried)

        def off(island: list[str]) -> float:
            _write(source, target, ranges, island)
            return _difference(_masks(target, tried)[0], wanted)

        windows = [nodes[at : at + _WINDOW] for at in range(0, len(nodes), _WINDOW // 2)]
        island: list[str] = []
        for _ in range(_MOST_ISLANDS):
            if off(island) <= _GOOD_ENOUGH:
                break
            island = min((island + window for window in windows), key=off)
            print(f"in float besides: {island[-_WINDOW]} to {island[-1]}", flush=True)
        off(island)
    return _report(weights.path, target, judged)


def _report(source: Path, target: Path, judged: list[np.ndarray]) -> float:
    (wanted, float_s), (found, int8_s) = _masks(source, judged), _masks(target, judged)
    each = [_difference([mask], [other]) for mask, other in zip(found, wanted, strict=True)]
    print(
        "off by", ", ".join(f"{value:.2f}" for value in each), "of 255 on pictures it was not calibrated with;", end=" "
    )
    print(f"on average {np.mean(each):.2f}; {float_s / int8_s:.2f} times as fast", flush=True)
    return float(np.mean(each))


def _difference(masks: list[np.ndarray], others: list[np.ndarray]) -> float:
    return float(np.mean([np.abs(mask - other).mean() for mask, other in zip(masks, others, strict=True)]))


def drawn(count: int, seed: int) -> Iterator[Image.Image]:
    """Things on grounds, lit from somewhere: colours, places and outlines at random, the same for the same seed."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        width, height = (int(side) for side in random.integers(400, 900, 2))
        turns = np.linspace(0, 2 * np.pi, 80)
        far = 1 + 0.2 * np.sin(turns * random.integers(2, 7) + random.uniform(0, 6))
        across, down = random.uniform(0.15, 0.4, 2)
        middle, centre = random.uniform(0.35, 0.65, 2)
        outline = zip(
            width * (middle + across * far * np.cos(turns)), height * (centre + down * far * np.sin(turns)), strict=True
        )
        shape = Image.new("L", (width, height))
        ImageDraw.Draw(shape).polygon([(float(x), float(y)) for x, y in outline], fill=255)
        subject, ground = (_surface((width, height), random) for _ in range(2))
        yield Image.composite(subject, ground, shape.filter(ImageFilter.GaussianBlur(1)))


def _surface(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    light = random.normal(0, random.uniform(2, 40), (6, 6, 3)).astype(np.float32)
    planes = [Image.fromarray(light[..., c]).resize(size, Image.Resampling.BICUBIC) for c in range(3)]
    pixels = np.stack([np.asarray(plane) for plane in planes], -1) + random.integers(0, 256, 3)
    return Image.fromarray((pixels + random.normal(0, 4, pixels.shape)).clip(0, 255).astype(np.uint8))


def _batch(picture: Image.Image, preparation: Preparation) -> np.ndarray:
    size = (preparation.size, preparation.size)
    return prepare(np.asarray(picture.resize(size, Image.Resampling.LANCZOS)), preparation)


def _masks(path: Path, batches: list[np.ndarray]) -> tuple[list[np.ndarray], float]:
    """Masks from 0 to 255, and the processor time of one in one thread, the best of all."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name, output = session.get_inputs()[0].name, session.get_outputs()[0].name
    masks, best = [], float("inf")
    for batch in batches:
        began = time.thread_time()
        mask = session.run([output], {name: batch})[0].squeeze()
        best = min(best, time.thread_time() - began)
        masks.append((mask - mask.min()) / max(float(np.ptp(mask)), 1e-6) * 255)
    return masks, best


def _modern(source: Path, target: Path) -> list[str]:
    """The network in an opset that knows a scale for each channel; the names of its nodes, in order."""
    onnx: Any = importlib.import_module("onnx")  # in no dependency group: only who quantizes needs it
    model = onnx.load(str(source))
    if model.opset_import[0].version < _OPSET:
        model = importlib.import_module("onnx.version_converter").convert_version(model, _OPSET)
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"node-{index}"
    onnx.save(model, str(target))
    return [str(node.name) for node in model.graph.node]


def _ranges(source: Path, batches: list[np.ndarray]) -> Any:
    """What each layer brings about, by percentile; one picture at a time, as all of its layers are kept meanwhile."""
    from onnxruntime.quantization.calibrate import CalibrationMethod, create_calibrator

    options = {"percentile": _PERCENTILE, "num_bins": 1024, "symmetric": False}
    with tempfile.TemporaryDirectory() as folder:
        calibrator = create_calibrator(
            source, _TYPES, str(Path(folder) / "augmented.onnx"), CalibrationMethod.Percentile, extra_options=options
        )
        name = calibrator.infer_session.get_inputs()[0].name
        for batch in batches:
            calibrator.collect_data(_Once({name: batch}))
        return calibrator.compute_data()


class _Once:
    """One picture, as onnxruntime's calibration reads them."""

    def __init__(self, feed: dict[str, np.ndarray]) -> None:
        self._feeds = [feed]

    def get_next(self) -> dict[str, np.ndarray] | None:
        return self._feeds.pop() if self._feeds else None


def _write(source: Path, target: Path, ranges: Any, island: list[str]) -> None:
    from onnxruntime.quantization import QuantType
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
    from onnxruntime.quantization.quant_utils import load_model_with_shape_infer

    options = {"ActivationSymmetric": False, "WeightSymmetric": True}
    quantizer = QDQQuantizer(
        load_model_with_shape_infer(source), True, False, QuantType.QInt8, QuantType.QUInt8, ranges, [], island, _TYPES,
        options,
    )  # fmt: skip
    quantizer.quantize_model()
    quantizer.model.save_model_to_file(str(target), False)


if __name__ == "__main__":
    sys.exit(main())
