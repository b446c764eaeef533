"""Which file is loaded, and when starting is refused."""

import hashlib
import os
from pathlib import Path

import pytest
import structlog

from services.rembg.weights import BUNDLED, Name, Precision
from services.rembg.weights.resolve import locate, quantized
from shared.settings import Invalid


def test_without_a_name_and_weights_compact_is_chosen_and_logged(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as lines:
        weights = locate(None, None, tmp_path)
    assert (weights.name, weights.path) == (Name.COMPACT, BUNDLED)
    assert [line["event"] for line in lines] == ["model_defaulted"]


def test_without_a_name_u2net_is_chosen_if_its_weights_are_present(published: bytes, tmp_path: Path) -> None:
    (tmp_path / "u2net.onnx").write_bytes(published)
    assert locate(None, None, tmp_path).name is Name.U2NET


def test_weights_baked_into_an_image_are_found_beside_the_bundled_network(
    published: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.rembg.weights.resolve.BUNDLED", tmp_path / "image" / "compact.onnx")
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "u2net.onnx").write_bytes(published)
    assert locate(None, None, tmp_path / "absent").path == tmp_path / "image" / "u2net.onnx"
    (tmp_path / "u2net.onnx").write_bytes(published)
    assert locate(None, None, tmp_path).path == tmp_path / "u2net.onnx"


def test_weights_that_may_not_be_read_stop_the_start(published: bytes, tmp_path: Path) -> None:
    path = tmp_path / "closed" / "u2net.onnx"
    path.parent.mkdir()
    path.write_bytes(published)
    path.parent.chmod(0)
    user = os.geteuid()
    try:
        if user == 0:  # who may read everything
            os.seteuid(65_534)
        with pytest.raises(Invalid, match="not readable"):
            locate(None, None, path.parent)
    finally:
        os.seteuid(user)
        path.parent.chmod(0o700)


def test_unpublished_weights_are_refused_even_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "u2net.onnx").write_bytes(b"something else under the right name")
    with pytest.raises(Invalid, match="is not the published u2net"):
        locate(None, None, tmp_path)


@pytest.mark.parametrize("name", [name for name in Name if name is not Name.COMPACT])
def test_a_missing_network_is_never_substituted(name: Name, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=f"make models REMBG_MODEL={name}"):
        locate(name, None, tmp_path)


def test_the_digest_is_that_of_the_file(published: bytes, tmp_path: Path) -> None:
    (tmp_path / "u2netp.onnx").write_bytes(published)
    assert locate(Name.U2NETP, None, tmp_path).sha256 == hashlib.sha256(published).hexdigest()


def test_an_optimized_file_runs_under_the_digest_of_the_published_one(published: bytes, tmp_path: Path) -> None:
    (tmp_path / "u2netp.onnx").write_bytes(published)
    assert locate(Name.U2NETP, None, tmp_path).optimized is None
    (tmp_path / "u2netp.optimized.onnx").write_bytes(b"the same, faster")
    weights = locate(Name.U2NETP, None, tmp_path)
    assert weights.optimized == tmp_path / "u2netp.optimized.onnx"
    assert (weights.path.name, weights.sha256) == ("u2netp.onnx", hashlib.sha256(published).hexdigest())
    assert locate(Name.U2NETP, weights.path, tmp_path).optimized is None  # a file that is given runs as it is


def test_a_given_file_may_have_any_digest(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"mine")
    weights = locate(Name.ISNET, path, tmp_path)
    assert (weights.name, weights.path, weights.preparation.size) == (Name.ISNET, path, 1024)
    assert weights.sha256 == hashlib.sha256(b"mine").hexdigest()


def test_a_given_file_needs_a_name_and_must_exist(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="also needs REMBG_MODEL"):
        locate(None, BUNDLED, tmp_path)
    with pytest.raises(Invalid, match="there is no file"):
        locate(Name.U2NETP, tmp_path / "absent.onnx", tmp_path)


def test_the_quantized_form_is_the_file_beside_the_float_one(tmp_path: Path) -> None:
    given = tmp_path / "mine.onnx"
    given.write_bytes(b"float")
    exact = locate(Name.U2NETP, given, tmp_path)
    assert quantized(exact) is None
    (tmp_path / "mine.int8.onnx").write_bytes(b"whole numbers")
    found = quantized(exact)
    assert found is not None
    assert (found.path.name, found.precision) == ("mine.int8.onnx", Precision.INT8)
    assert found.sha256 == hashlib.sha256(b"whole numbers").hexdigest()


def test_the_bundled_network_has_no_quantized_form(tmp_path: Path) -> None:
    (tmp_path / "compact.int8.onnx").write_bytes(b"whole numbers")
    assert quantized(locate(Name.COMPACT, None, tmp_path)) is None
