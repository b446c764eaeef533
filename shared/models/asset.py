"""Assets: stored objects and their facts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.models.owner import Owner


class AssetKind(StrEnum):
    """PRINT: a picture made for print, which may be printed in turn. FILE: what a shop or its printer downloads."""

    SOURCE = "source"
    CUTOUT = "cutout"
    PREVIEW = "preview"
    MASK = "mask"
    PRINT = "print"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Asset:
    """A stored object.

    `sha256` is the digest of the bytes as received (sources) or as made; `stored_sha256` that of the stored object,
    None for sources of a release that did not record it; `stored_bytes` the size of the object and its copies for
    pages, if it differs from `bytes`. `orientation` is EXIF's 1 to 8, 1 = upright. `drawn`: it came as an SVG, whose
    transparency is meant. `made_of`: the asset that a job made it of; None for sources, and of an earlier release.
    `enlarged`: its pixels per pixel of detail, a side; None where that is 1.
    `origins`: all that it was made of, if there are several.
    """

    id: UUID
    owner: Owner
    kind: AssetKind
    key: str
    sha256: str
    content_type: str
    width: int
    height: int
    bytes: int
    created_at: datetime
    orientation: int = 1
    name: str = ""
    job_id: UUID | None = None
    stored_sha256: str | None = None
    drawn: bool = False
    stored_bytes: int | None = None
    made_of: UUID | None = None
    enlarged: float | None = None
    origins: tuple[UUID, ...] | None = None
