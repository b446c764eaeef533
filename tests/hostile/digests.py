"""The SHA-256 of every file of the corpus; `corpus.sha256` is committed instead of the files.

Other versions of the encoders write other bytes, so the list starts with the versions it holds for.

    python -m tests.hostile.digests > tests/hostile/corpus.sha256
"""

import hashlib
import zlib
from pathlib import Path

import PIL

from tests.hostile import benign, corpus, mutations

LIST = Path(__file__).with_name("corpus.sha256")
MUTATIONS = 1_000


def lines() -> list[str]:
    hostile = [(case.name, case.data) for case in corpus.files()]
    files = [*hostile, *[(case.name, case.data) for case in benign.files()]]
    damaged = hashlib.sha256()
    for data in mutations.files(MUTATIONS):
        damaged.update(hashlib.sha256(data).digest())
    listed = [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in files]
    return [encoders(), *listed, f"{damaged.hexdigest()}  {MUTATIONS:,} damaged files, by their digests"]


def encoders() -> str:
    return f"# written by Pillow {PIL.__version__} and zlib {zlib.ZLIB_RUNTIME_VERSION}"


if __name__ == "__main__":
    print("\n".join(lines()))
