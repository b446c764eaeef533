"""Decides once, at start, which file to load.

    REMBG_MODEL_PATH      that file, as it is; REMBG_MODEL says how pictures are prepared for it
    REMBG_MODEL           NAME.onnx in MODELS_DIR or, as an image bakes it, beside the bundled network; it must have the
                          published digest
    neither               u2net if its file is in one of them, else the bundled compact network, with one log line

Beside a published file NAME.optimized.onnx, which `make models` derives from it, runs in its place.
NAME.int8.onnx beside the file chosen above is its quantized form, which `make models` makes too. REMBG_PRECISION=auto
runs it where it holds the bound of judge.py, and the float file for doubtful pictures (inference/auto.py); int8 runs it
whatever it is worth. A file that is missing or wrong stops the start.

Every answer of the service carries the name and the SHA-256 of the file chosen; optimizing does not change them.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

from services.rembg.weights import BUNDLED, CATALOGUE, Name, Precision, Weights
from shared import log
from shared.settings import Invalid

_log = log.get("weights")


def locate(name: Name | None, path: Path | None, folder: Path) -> Weights:
    """The float file. Raises Invalid, saying what to do about it."""
    if path is not None:
        return _given(name, path)
    if name is None:
        name = _default(folder)
    if name is Name.COMPACT:
        return _weights(name, BUNDLED)
    return _published(name, _find(name, folder) or folder / name.file)


def quantized(weights: Weights) -> Weights | None:
    """The int8 form of a float file, if there is one."""
    path = quantized_path(weights.path)
    return replace(_weights(weights.name, path), precision=Precision.INT8) if _readable(path) else None


def quantized_path(path: Path) -> Path:
    return path.with_name(f"{path.stem}.int8.onnx")


def _given(name: Name | None, path: Path) -> Weights:
    if name is None:
        raise Invalid("REMBG_MODEL_PATH also needs REMBG_MODEL, which says how pictures are prepared for that file")
    if not path.is_file():
        raise Invalid(f"REMBG_MODEL_PATH: there is no file {path}")
    return _weights(name, path)


def _find(name: Name, folder: Path) -> Path | None:
    return next((path for path in (folder / name.file, BUNDLED.parent / name.file) if _readable(path)), None)


def _readable(path: Path) -> bool:
    """Whether the file is there. Raises Invalid if this user may not read it: another network must not hide that."""
    try:
        path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        raise Invalid(f"{path} is not readable for this user; `chmod -R a+rX` its folder") from None
    return True


def _default(folder: Path) -> Name:
    if _find(Name.U2NET, folder):
        return Name.U2NET
    _log.info("model_defaulted", model=Name.COMPACT.value, hint="make models fetches u2net, the production choice")
    return Name.COMPACT


def _published(name: Name, path: Path) -> Weights:
    if not path.is_file():
        raise Invalid(f"the weights of {name} are not at {path}; fetch them with `make models REMBG_MODEL={name}`")
    if not is_published(name, path):
        raise Invalid(f"{path} is not the published {name}; `make models REMBG_MODEL={name}` replaces it")
    optimized = optimized_path(path)
    return replace(_weights(name, path), optimized=optimized if optimized.is_file() else None)


def optimized_path(path: Path) -> Path:
    return path.with_name(f"{path.stem}.optimized.onnx")


def is_published(name: Name, path: Path) -> bool:
    """Whether the file has the digest that the rembg library publishes, which is an MD5."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return digest.hexdigest() == CATALOGUE[name].md5


def _weights(name: Name, path: Path) -> Weights:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Weights(name, path, sha256, CATALOGUE[name].preparation)
