"""A published file small enough to be served often: in the catalogue, only the digest differs from the real one."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.rembg.weights import CATALOGUE, Name, download
from tests.services.rembg.weights.server import Release, serving

CONTENT = random.Random(3).randbytes(300_000)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> bytes:
    digest = hashlib.md5(CONTENT).hexdigest()
    for name in (Name.U2NET, Name.U2NETP):
        monkeypatch.setitem(CATALOGUE, name, replace(CATALOGUE[name], md5=digest))
    return CONTENT


@pytest.fixture
def release(published: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Release]:
    monkeypatch.setattr(download, "PAUSE_S", 0.001)
    with serving(Release(published)) as served:
        yield served
