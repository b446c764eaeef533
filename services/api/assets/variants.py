"""Web variants: smaller copies of a stored picture for web pages, made on first request and stored beside it.

A variant is upright, in sRGB, without metadata and never enlarged: a progressive JPEG, or WebP where there is alpha.
Its key is the picture's key plus the variant's name, so it needs no row, and deleting the picture finds it.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.api.decoder.pool import Decoder
from shared import images, timeouts
from shared.bulkhead import Bulkhead
from shared.models.asset import Asset
from shared.storage import Missing, Storage, integrity, stem

SIDE = 2000  # of the largest: sharp on any screen, and a photo of 12 megapixels shrinks to a tenth of its bytes
BOXES = {"400": (400, SIDE), "800": (800, SIDE), "1600": (1600, SIDE), "web": (SIDE, SIDE)}
WAITING = 8  # a page whose pictures have no variants yet requests several at once
_JPEG, _WEBP = "image/jpeg", "image/webp"


def candidates(asset: Asset, name: str) -> Sequence[Asset]:
    """The variant as it may be stored, likeliest first: only making it shows whether the picture has alpha."""
    types = (_JPEG,) if asset.content_type == _JPEG else (_WEBP, _JPEG)
    return [_variant(asset, name, content_type) for content_type in types]


class Variants:
    """Thread-safe. Makes one variant at a time, so that uploads always find a free decoder."""

    def __init__(self, objects: Storage, decoder: Decoder) -> None:
        self._objects = objects
        self._decoder = decoder
        self._bulkhead = Bulkhead(concurrent=1, waiting=WAITING, wait_s=timeouts.DECODE_WAIT_S)

    def make(self, asset: Asset, name: str) -> Asset:
        """Make and store one of BOXES; its `stored_bytes` if it was not stored before.

        Raises Missing if the picture is gone, Busy, or any error of its decoding.
        """
        with self._bulkhead.slot():
            return self._stored(asset, name) or self._make(asset, name)  # an earlier request may have made it meanwhile

    def _stored(self, asset: Asset, name: str) -> Asset | None:
        for variant in candidates(asset, name):
            try:
                self._objects.open(variant.key).stream.close()
            except Missing:
                continue
            return variant
        return None

    def _make(self, asset: Asset, name: str) -> Asset:
        data = integrity.get(self._objects, asset.key, asset.stored_sha256)
        info = replace(
            images.inspect(data), width=asset.width, height=asset.height, orientation=asset.orientation
        )  # the stored file no longer holds its orientation
        made, content_type = self._decoder.shrink(data, info, BOXES[name])
        variant = _variant(asset, name, content_type)
        self._objects.put(variant.key, made, content_type, {})
        return replace(variant, stored_bytes=len(made))


def _variant(asset: Asset, name: str, content_type: str) -> Asset:
    """The asset with the variant's key and content type, and without a digest, as none is stored."""
    label = name if name == "web" else f"w{name}"
    key = f"{stem(asset.key)}-{label}.{content_type.removeprefix('image/')}"
    return replace(asset, key=key, content_type=content_type, sha256="", stored_sha256=None, stored_bytes=None)
