"""Sessions of one network compute the same, hold its weights once, and return memory on request."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper

from services.rembg.inference.sessions import Sessions, give_back
from services.rembg.weights import BUNDLED
from tests.processes import linux_only
from tests.services.rembg import graphs

CHANNELS = 1024
TENSOR_MB, WEIGHTS_MB = CHANNELS * 16 * 24 * 4 / (1 << 20), CHANNELS * CHANNELS * 9 * 4 / (1 << 20)  # 1.5 and 36
PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from services.rembg.inference import sessions
def megabytes():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
def run(session):
    session.run(None, {"x": np.zeros((1, 3, 16, 24), np.float32)})
made = sessions.Sessions(Path(sys.argv[1]))
first = made.make(1)
run(first)
sessions.give_back()
one = megabytes()
second = made.make(2)
run(second)
run(first)
ran = megabytes()
sessions.give_back()
print(ran - one, megabytes() - one)
"""


def outputs(session: onnxruntime.InferenceSession, x: np.ndarray) -> list[np.ndarray]:
    results: list[np.ndarray] = session.run(None, {session.get_inputs()[0].name: x})
    return results


def of_file(path: Path, x: np.ndarray) -> list[np.ndarray]:
    return outputs(onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]), x)


def test_sessions_compute_what_the_file_does() -> None:
    x = np.random.default_rng(1).random((1, 3, 320, 320), np.float32)
    sessions = Sessions(BUNDLED)
    expected = of_file(BUNDLED, x)[0]
    assert np.ptp(expected) > 0.05
    for threads in (1, 2):
        assert outputs(sessions.make(threads), x)[0] == pytest.approx(expected, abs=1e-5)


def test_a_network_without_large_constants_runs(tmp_path: Path) -> None:
    path = tmp_path / "tiny.onnx"
    weight = np.full((1, 3, 1, 1), 0.5, np.float32)
    onnx.save_model(
        graphs.model([helper.make_node("Conv", ["x", "weight"], ["mask"])], {"weight": weight}, ["mask"]), path
    )
    assert outputs(Sessions(path).make(1), graphs.X)[0] == pytest.approx(of_file(path, graphs.X)[0])


def test_a_session_runs_as_before_after_memory_was_given_back() -> None:
    x = np.random.default_rng(1).random((1, 3, 320, 320), np.float32)
    sessions = Sessions(BUNDLED)
    session = sessions.make(1)
    before = outputs(session, x)[0]
    give_back()
    assert np.array_equal(outputs(session, x)[0], before)


def test_no_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    Sessions(BUNDLED).make(1)
    assert list(tmp_path.iterdir()) == []


@linux_only
def test_a_second_session_adds_no_weights_and_an_idle_one_keeps_no_tensors(tmp_path: Path) -> None:
    path = tmp_path / "wide.onnx"
    onnx.save_model(wide(), path)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    running, idle = map(float, done.stdout.split())
    assert TENSOR_MB <= running < WEIGHTS_MB / 4
    assert idle < TENSOR_MB / 2


def wide() -> onnx.ModelProto:
    """Two convolutions: to many channels and back."""
    random = np.random.default_rng(1)
    weights = {
        name: random.standard_normal((outputs, inputs, 3, 3)).astype(np.float32)
        for name, outputs, inputs in (("widen", CHANNELS, 3), ("mix", CHANNELS, CHANNELS), ("narrow", 1, CHANNELS))
    }
    path = ["x", "wide", "mixed", "mask"]
    nodes = [
        helper.make_node("Conv", [x, name], [y], pads=[1, 1, 1, 1])
        for name, x, y in zip(weights, path, path[1:], strict=False)
    ]
    return graphs.model(nodes, weights, ["mask"])
