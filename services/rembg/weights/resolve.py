"""Which file to load, decided once at start.

    REMBG_MODEL_PATH      that file, whatever its digest; REMBG_MODEL says how pictures are prepared for it
    REMBG_MODEL           MODELS_DIR/<name>.onnx with the published digest, or no start at all
    neither               u2net if its file is there, else the bundled compact network, said in one log line

REMBG_PRECISION=int8 takes the quantized file beside the one chosen so (for compact: in MODELS_DIR), which
`python -m research.quantize` makes; without it there is no start.

Whatever is taken, its name and its SHA-256 are in every answer of the service.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

from services.rembg.weights import BUNDLED, CATALOGUE, Name, Precision, Weights
from shared import log
from shared.settings import Invalid

_log = log.get("weights")


def locate(name: Name | None, path: Path | None, folder: Path, precision: Precision = Precision.FLOAT) -> Weights:
    """Raises Invalid, saying what to do about it."""
    weights = _float(name, path, folder)
    return weights if precision is Precision.FLOAT else _quantized(weights, folder)


def quantized_path(weights: Weights, folder: Path) -> Path:
    """Where the quantized form of a network lies: the bundled one's not in the repository."""
    return (folder if weights.path == BUNDLED else weights.path.parent) / f"{weights.path.stem}.int8.onnx"


def _quantized(weights: Weights, folder: Path) -> Weights:
    path = quantized_path(weights, folder)
    if not path.is_file():
        raise Invalid(f"there is no {path}; `python -m research.quantize {weights.name}` makes it")
    return replace(_weights(weights.name, path), precision=Precision.INT8)


def _float(name: Name | None, path: Path | None, folder: Path) -> Weights:
    if path is not None:
        return _given(name, path)
    if name is None:
        name = _default(folder)
    if name is Name.COMPACT:
        return _weights(name, BUNDLED)
    return _published(name, folder / name.file)


def _given(name: Name | None, path: Path) -> Weights:
    if name is None:
        raise Invalid("REMBG_MODEL_PATH also needs REMBG_MODEL, which says how pictures are prepared for that file")
    if not path.is_file():
        raise Invalid(f"REMBG_MODEL_PATH: there is no file {path}")
    return _weights(name, path)


def _default(folder: Path) -> Name:
    if (folder / Name.U2NET.file).is_file():
        return Name.U2NET
    _log.info("model_defaulted", model=Name.COMPACT.value, hint="make models fetches u2net, the production choice")
    return Name.COMPACT


def _published(name: Name, path: Path) -> Weights:
    if not path.is_file():
        raise Invalid(f"the weights of {name} are not at {path}; fetch them with `make models NAMES={name}`")
    if not is_published(name, path):
        raise Invalid(f"{path} is not the published {name}; `make models NAMES={name}` replaces it")
    return _weights(name, path)


def is_published(name: Name, path: Path) -> bool:
    """Whether the file has the digest that the rembg library publishes; MD5 is what it publishes."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return digest.hexdigest() == CATALOGUE[name].md5


def _weights(name: Name, path: Path) -> Weights:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Weights(name, path, sha256, CATALOGUE[name].preparation)
