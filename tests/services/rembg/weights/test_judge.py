"""Whether int8 is used is measured, here with networks of one convolution."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import onnx
import pytest
import structlog

from services.rembg.weights import Name, Weights, judge, resolve
from services.rembg.weights.judge import BOUND, Verdict, is_good, main, measure
from tests.services.rembg import graphs

GOOD = Verdict("f", "q", "here", "1", difference=BOUND, speedup=1.0)


def both(exact: Path) -> tuple[Weights, Weights]:
    weights = resolve.locate(Name.U2NETP, exact, exact.parent)
    quantized = resolve.quantized(weights)
    assert quantized is not None
    return weights, quantized


@pytest.mark.parametrize(
    ("verdict", "holds"),
    [
        (GOOD, True),
        (replace(GOOD, difference=BOUND + 0.01), False),
        (replace(GOOD, speedup=0.99), False),
        (replace(GOOD, difference=float("nan")), False),
    ],
)
def test_int8_must_be_close_and_no_slower(verdict: Verdict, holds: bool) -> None:
    assert verdict.holds is holds


def test_the_difference_of_masks_is_measured(exact: Path) -> None:
    onnx.save_model(graphs.red(8.0, 320), exact.with_name("mine.int8.onnx"))
    assert measure(*both(exact)).difference == 0
    onnx.save_model(graphs.red(-8.0, 320), exact.with_name("mine.int8.onnx"))
    assert measure(*both(exact)).difference > 100


@pytest.mark.parametrize("content", [b"damaged", graphs.red(1.0, 320).SerializeToString()])
def test_a_bad_file_is_refused_by_a_child_that_measures_it(exact: Path, content: bytes) -> None:
    exact.with_name("mine.int8.onnx").write_bytes(content)
    with structlog.testing.capture_logs() as lines:
        assert not is_good(*both(exact))
    assert [line["event"] for line in lines] == ["int8_refused"]
    assert exact.with_name("mine.int8.json").is_file()


def test_a_verdict_counts_for_its_files_and_its_processor_only(exact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx.save_model(graphs.red(-8.0, 320), exact.with_name("mine.int8.onnx"))
    weights, quantized = both(exact)
    kept = replace(judge._subject(weights, quantized), difference=0.0, speedup=2.0)
    file = exact.with_name("mine.int8.json")
    file.write_text(json.dumps(asdict(kept)))
    assert is_good(weights, quantized)
    for other in (replace(weights, sha256="another"), weights):
        monkeypatch.setattr(judge, "_processor", lambda: "another")
        file.write_text(json.dumps(asdict(kept)))
        assert not is_good(other, quantized)


def test_the_command_prints_and_keeps_the_verdict(exact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "has no int8 form" in capsys.readouterr().out
    onnx.save_model(graphs.red(1.0, 320), exact.with_name("mine.int8.onnx"))
    assert main([]) == 0
    assert "auto refuses it" in capsys.readouterr().out
    assert main(["--json"]) == 0
    assert Verdict(**json.loads(capsys.readouterr().out)).difference > BOUND
