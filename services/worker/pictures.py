"""Pictures of a job as arrays: loaded upright in sRGB."""

import threading
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from numpy.typing import NDArray

from services.worker.handlers import Resources, Task
from shared import errors, fast_png, images, storage
from shared.db import assets
from shared.models.asset import Asset
from shared.storage import integrity

Pixels = NDArray[np.uint8]

# At 50 megapixels a preview takes 220 MB beside the picture, a WebP 640 MB: one such picture at a time.
LARGE = 12_500_000  # pixels
one_large = threading.RLock()  # what is made of a large picture may be large as well


def large(width: int, height: int) -> AbstractContextManager[object]:
    """For the time in which a picture of these sides is in memory: a process works on one large picture at a time."""
    return one_large if width * height > LARGE else nullcontext()


def require(task: Task) -> Asset:
    """The picture of a job. Raises SourceMissing if it was deleted."""
    if task.asset is None:
        raise errors.SourceMissing
    return task.asset


def load(resources: Resources, asset: Asset) -> Pixels:
    """(h, w, 4): upright, straight sRGB with alpha. Raises SourceMissing if the object is gone."""
    data = read(resources, asset)
    pixels = fast_png.decode(data, asset.width, asset.height) if asset.orientation == 1 else None
    if pixels is not None and pixels.shape[2:] == (4,):
        return pixels
    return np.array(_decoded(data, asset).convert("RGBA"))


def source_of(resources: Resources, asset: Asset) -> Pixels | None:
    """(h, w, 3): the photograph that a cut-out was made of, or what was made of that, as large as it.

    None where it is gone, is of another size, or has transparency of its own, under which colours mean nothing.
    """
    with resources.database.transaction() as connection:
        source = assets.source_of(connection, asset)
    if source is None or source.drawn or (source.width, source.height) != (asset.width, asset.height):
        return None
    try:
        picture = _decoded(read(resources, source), source)
    except errors.SourceMissing:
        return None
    return np.array(picture) if picture.mode == "RGB" else None


def read(resources: Resources, asset: Asset) -> bytes:
    """The stored file. Raises SourceMissing if it is gone or damaged."""
    try:
        return integrity.get(resources.storage, asset.key, asset.stored_sha256)
    except storage.Missing as error:
        raise errors.SourceMissing from error


def _decoded(data: bytes, asset: Asset) -> images.Picture:
    upright = images.with_orientation(data, asset.orientation)
    return images.decode(upright, images.inspect(upright))
