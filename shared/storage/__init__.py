"""Objects by key: a local folder and S3-compatible storage behind one Protocol.

Keys are HMACs of owner and content: the same bytes of one owner are one object, keys cannot be guessed, and having a
picture does not reveal whether it is stored. Objects are written whole or not at all and never change, so readers need
no lock and caches never expire.
"""

import hashlib
import hmac

from shared import private_files
from shared.models.owner import Owner
from shared.settings import Storage as Settings
from shared.storage.folder import Folder
from shared.storage.protocol import INCOMING, Entry, Missing, Object, Storage, Unavailable, stem

__all__ = [
    "INCOMING",
    "Entry",
    "Folder",
    "Missing",
    "Object",
    "Storage",
    "Unavailable",
    "connect",
    "key_for",
    "stem",
    "stem_for",
]


def stem_for(secret: str, owner: Owner, sha256: str) -> str:
    """The stem of an owner's content: 64 hex digits."""
    return hmac.new(secret.encode(), f"{owner.type}:{owner.id}:{sha256}".encode(), hashlib.sha256).hexdigest()


def key_for(secret: str, owner: Owner, sha256: str, extension: str) -> str:
    """The key of an owner's content, e.g. `<64 hex digits>.png`."""
    return f"{stem_for(secret, owner, sha256)}.{extension}"


def connect(settings: Settings) -> Storage:
    """The storage that the settings name. Only for composition roots."""
    if settings.endpoint:
        from shared.storage.bucket import Bucket  # 0.1 s and 10 MB that a folder does not need

        return Bucket(settings)
    objects = settings.data_dir / "objects"
    private_files.tighten(objects)
    return Folder(objects)
