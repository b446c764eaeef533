"""`make models`: its output and its status."""

import os
from pathlib import Path

import pytest

from services.rembg.weights import Name
from services.rembg.weights.__main__ import main, progress
from tests.services.rembg.weights.server import Release


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("REMBG_MODEL", "DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))


def test_without_a_name_u2net_is_fetched(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REMBG_MODEL_BASE_URL", release.url)
    assert main([]) == 0
    assert (tmp_path / "u2net.onnx").read_bytes() == release.content
    output = capsys.readouterr().out
    assert "u2net: 100%, 0.3 of 0.3 MB\n" in output
    assert output.endswith(f"u2net: fetched; is at {tmp_path / 'u2net.onnx'}\n")
    assert main(["compact"]) == 0
    assert "comes with the repository" in capsys.readouterr().out


@pytest.mark.parametrize("setting", ["DATA_DIR", "MODELS_DIR"])
def test_containers_whose_user_is_another_may_read_the_weights(
    setting: str, release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    monkeypatch.delenv("MODELS_DIR")
    monkeypatch.setenv(setting, str(folder))
    monkeypatch.setenv("REMBG_MODEL_BASE_URL", release.url)
    before = os.umask(0o022)
    try:
        assert main([]) == 0
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))} == {0o755, 0o644}


def test_a_failure_prints_one_line_and_sets_the_status(
    release: Release, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REMBG_MODEL_BASE_URL", release.url)
    monkeypatch.setenv("REMBG_MODEL", "u2netp")
    release.content = b"not it"
    assert main([]) == 1
    output = capsys.readouterr().err.strip()
    assert output.startswith("u2netp.onnx: ")
    assert "\n" not in output


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bria-rmbg"])
    assert ended.value.code == 2


def test_a_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    report = progress(Name.U2NET)
    report(150, 300)  # too early to redraw
    report(300, 300)
    assert capsys.readouterr().out == f"\ru2net: [{'#' * 30}] 100%, 0.0 of 0.0 MB\n"
