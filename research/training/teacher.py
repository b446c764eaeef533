"""Masks by a larger network for packed pictures that have none.

PREFIX.tch.npy holds the masks, PREFIX.tch.ok.npy which rows are done, so that a run can be cut and taken up again, and
several can share the rows.
"""

import json
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from research.training.pack import array_path

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def load(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def predict(session: onnxruntime.InferenceSession, picture: np.ndarray) -> np.ndarray:
    """0 to 1 for an RGB picture of the network's own size."""
    pixels = picture.astype(np.float32)
    normal = (pixels / max(pixels.max(), 1e-6) - MEAN) / DEVIATION
    outputs = session.run(
        [session.get_outputs()[0].name], {session.get_inputs()[0].name: normal.transpose(2, 0, 1)[None]}
    )
    return outputs[0][0, 0]


def teach(model: Path, prefix: Path, rows: Sequence[int] | None, threads: int) -> None:
    pictures = np.load(array_path(prefix, "img"), mmap_mode="r")
    masks_path, done_path = array_path(prefix, "tch"), array_path(prefix, "tch.ok")
    if not masks_path.exists():
        np.lib.format.open_memmap(masks_path, "w+", np.uint8, pictures.shape[:3]).flush()
        np.save(done_path, np.zeros(len(pictures), np.uint8))
    masks, done = np.load(masks_path, mmap_mode="r+"), np.load(done_path, mmap_mode="r+")
    session, began = load(model, threads), time.time()
    for count, row in enumerate(range(len(pictures)) if rows is None else rows):
        if row < len(pictures) and not done[row]:
            masks[row] = np.clip(predict(session, pictures[row]) * 255 + 0.5, 0, 255).astype(np.uint8)
            done[row] = 1
        if count % 100 == 0:
            print(count, round(time.time() - began, 1), flush=True)
    masks.flush()
    done.flush()


def main() -> None:
    parser = ArgumentParser(description="Give packed pictures the masks of a larger network.")
    parser.add_argument("model", type=Path, help="an ONNX file with U-2-Net's input")
    parser.add_argument("prefix", type=Path)
    parser.add_argument("--rows", type=int, nargs=2, metavar=("FROM", "TO"))
    parser.add_argument("--split", nargs=2, metavar=("FILE.json", "KEY"), help="a JSON object of lists of rows")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    rows = range(*given.rows) if given.rows else None
    if given.split:
        rows = json.loads(Path(given.split[0]).read_text())[given.split[1]]
    teach(given.model, given.prefix, rows, given.threads)


if __name__ == "__main__":
    main()
