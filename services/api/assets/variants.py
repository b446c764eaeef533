"""Web variants: a stored picture as a page shows it, made when first asked for and kept beside the picture.

A variant is upright, in sRGB and without metadata; a progressive JPEG, or a WebP where there is alpha; never enlarged.
Its key is the picture's with the variant's name in it, so it needs no row, and whoever removes the picture finds it.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.api.decoder.pool import Decoder
from services.api.middleware.bulkhead import Bulkhead
from shared import images, timeouts
from shared.models.asset import Asset
from shared.storage import Missing, Storage, integrity, stem

SIDE = 2000  # of the largest: sharp on any screen, and a photo of 12 megapixels shrinks to a tenth of its bytes
BOXES = {"400": (400, SIDE), "800": (800, SIDE), "1600": (1600, SIDE), "web": (SIDE, SIDE)}
WAITING = 8  # a page of pictures that nobody has looked at yet asks for several at once
_JPEG, _WEBP = "image/jpeg", "image/webp"


def candidates(asset: Asset, name: str) -> Sequence[Asset]:
    """The variant as it may lie in the storage, likelier ones first: only its making tells whether there is alpha."""
    types = (_JPEG,) if asset.content_type == _JPEG else (_WEBP, _JPEG)
    return [_variant(asset, name, content_type) for content_type in types]


class Variants:
    """Safe to share between threads. One is made at a time, so that lookers-on leave a decoder to those who upload."""

    def __init__(self, objects: Storage, decoder: Decoder) -> None:
        self._objects = objects
        self._decoder = decoder
        self._line = Bulkhead(places=1, waiting=WAITING, wait_s=timeouts.DECODE_WAIT_S)

    def make(self, asset: Asset, name: str) -> Asset:
        """One of BOXES, kept. Raises Missing without the picture, Busy, and whatever a picture's decoding raises."""
        with self._line.place():
            return self._kept(asset, name) or self._made(asset, name)  # by whoever was in line before

    def _kept(self, asset: Asset, name: str) -> Asset | None:
        for variant in candidates(asset, name):
            try:
                self._objects.open(variant.key).stream.close()
            except Missing:
                continue
            return variant
        return None

    def _made(self, asset: Asset, name: str) -> Asset:
        data = integrity.get(self._objects, asset.key, asset.digest)
        info = replace(
            images.inspect(data), width=asset.width, height=asset.height, orientation=asset.orientation
        )  # a stored file does not tell how the camera was held
        made, content_type = self._decoder.shrink(data, info, BOXES[name])
        variant = _variant(asset, name, content_type)
        self._objects.put(variant.key, made, content_type, {})
        return variant


def _variant(asset: Asset, name: str, content_type: str) -> Asset:
    """As if it were an asset of its own: its key, its type, and no digest that anybody noted."""
    label = name if name == "web" else f"w{name}"
    key = f"{stem(asset.key)}-{label}.{content_type.removeprefix('image/')}"
    return replace(asset, key=key, content_type=content_type, sha256="", stored_sha256=None)
