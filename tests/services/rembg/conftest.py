"""Networks that all tests share, because loading takes time."""

from pathlib import Path

import onnx
import pytest

from services.rembg.inference import Network
from services.rembg.weights import Name
from services.rembg.weights.resolve import locate
from tests.services.rembg import graphs

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


@pytest.fixture
def exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A network in float, named by the settings."""
    path = tmp_path / "mine.onnx"
    onnx.save_model(graphs.red(8.0, 320), path)
    monkeypatch.setenv("REMBG_MODEL", "u2netp")
    monkeypatch.setenv("REMBG_MODEL_PATH", str(path))
    return path
