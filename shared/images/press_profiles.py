"""ICC profiles of printers: the project's own (press.md), and those in a folder of the deployer's, by file name."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

from PIL import ImageCms

from shared import settings
from shared.image_format import icc

_OWN = Path(__file__).with_name("press.icc")
_MAX_BYTES = 8 << 20  # the largest press profiles have 2.7 MB
_PRINTER = b"prtr"


@lru_cache(1)
def own() -> bytes:
    """The profile for CMYK where none is named."""
    return _OWN.read_bytes()


@dataclass(frozen=True, slots=True)
class Profiles:
    """SHA-256 of each profile by its name, and its file by that digest."""

    digests: Mapping[str, str]
    files: Mapping[str, Path]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """All files `<name>.icc` and `<name>.icm`; none if there is no folder. Raises settings.Invalid for another."""
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        paths = [path for path in found if path.suffix.lower() in (".icc", ".icm")]
        digests = {path.stem: hashlib.sha256(_checked(path)).hexdigest() for path in paths}
        return cls(digests, {digests[path.stem]: path for path in paths})

    def find(self, sha256: str) -> bytes | None:
        """The profile with this digest, if its file is still the same."""
        path = self.files.get(sha256)
        data = path.read_bytes() if path and path.exists() else b""
        return data if hashlib.sha256(data).hexdigest() == sha256 else None


NO_PROFILES = Profiles({}, {})


def _checked(path: Path) -> bytes:
    data = path.read_bytes() if path.stat().st_size <= _MAX_BYTES else b""
    if not data:
        raise settings.Invalid(f"ICC_PROFILES: {path.name} is empty or larger than {_MAX_BYTES >> 20} MB")
    if data[36:40] != b"acsp":
        raise settings.Invalid(f"ICC_PROFILES: {path.name} is no ICC profile")
    if data[12:16] != _PRINTER or icc.space(data) != icc.CMYK:
        raise settings.Invalid(f"ICC_PROFILES: {path.name} is no profile of a CMYK printer")
    try:
        ImageCms.buildTransform(ImageCms.createProfile("sRGB"), io.BytesIO(data), "RGB", "CMYK")
    except (ImageCms.PyCMSError, OSError) as error:
        raise settings.Invalid(f"ICC_PROFILES: {path.name} cannot be used: {error}") from None
    return data
