"""ICC profiles of printers: the project's own (press.md), and those in a folder of the deployer's, by file name."""

import hashlib
import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from PIL import ImageCms

from shared.image_format import icc

OWN = Path(__file__).with_name("press.icc")

_MAX_BYTES = 8 << 20  # the largest press profiles have 2.7 MB
_PRINTER = b"prtr"


class Unusable(ValueError):
    """A file of the folder is no profile that leads to a printer's CMYK; the words name it and say why."""


@lru_cache(1)
def own() -> bytes:
    return OWN.read_bytes()


def names(folder: Path | None) -> Mapping[str, str]:
    """SHA-256 of each profile `<name>.icc` or `<name>.icm` in the folder, by name. Raises Unusable."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".icc", ".icm")) if folder else []
    return {path.stem: hashlib.sha256(_checked(path)).hexdigest() for path in files}


def find(folder: Path | None, sha256: str) -> bytes | None:
    """The profile with this digest, if the folder has it."""
    for path in folder.iterdir() if folder else ():
        data = path.read_bytes() if path.is_file() and path.stat().st_size <= _MAX_BYTES else b""
        if hashlib.sha256(data).hexdigest() == sha256:
            return data
    return None


def _checked(path: Path) -> bytes:
    if path.stat().st_size > _MAX_BYTES:
        raise Unusable(f"{path.name} is larger than {_MAX_BYTES >> 20} MB")
    data = path.read_bytes()
    if data[36:40] != b"acsp":
        raise Unusable(f"{path.name} is no ICC profile")
    if data[12:16] != _PRINTER or icc.space(data) != icc.CMYK:
        raise Unusable(f"{path.name} is no profile of a CMYK printer")
    try:
        ImageCms.buildTransform(ImageCms.createProfile("sRGB"), io.BytesIO(data), "RGB", "CMYK")
    except (ImageCms.PyCMSError, OSError) as error:
        raise Unusable(f"{path.name} cannot be used: {error}") from None
    return data
