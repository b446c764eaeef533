"""Networks that all tests share, because loading takes time."""

from pathlib import Path

import pytest

from services.rembg.inference import Network
from services.rembg.weights import Name
from services.rembg.weights.resolve import locate

SHARED = Path("../shared")


@pytest.fixture(scope="session")
def compact() -> Network:
    return Network(locate(Name.COMPACT, None, Path("unused")), threads=1)


@pytest.fixture(scope="session")
def u2netp() -> Network:
    path = SHARED / "models" / "u2netp.onnx"
    if not path.exists():
        pytest.skip("needs ../shared/models/u2netp.onnx")
    return Network(locate(Name.U2NETP, path, Path("unused")), threads=2)
