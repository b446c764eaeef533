"""Which file is loaded, and when there is none to load."""

import hashlib
from pathlib import Path

import pytest
import structlog

from services.rembg.weights import BUNDLED, Name, Precision
from services.rembg.weights.resolve import locate
from shared.settings import Invalid


def test_without_a_name_and_weights_it_is_compact_and_one_line_says_so(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as lines:
        weights = locate(None, None, tmp_path)
    assert (weights.name, weights.path) == (Name.COMPACT, BUNDLED)
    assert [line["event"] for line in lines] == ["model_defaulted"]


def test_without_a_name_it_is_u2net_where_its_weights_are(published: bytes, tmp_path: Path) -> None:
    (tmp_path / "u2net.onnx").write_bytes(published)
    assert locate(None, None, tmp_path).name is Name.U2NET


def test_weights_that_are_not_the_published_ones_are_refused_even_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "u2net.onnx").write_bytes(b"something else under the right name")
    with pytest.raises(Invalid, match="is not the published u2net"):
        locate(None, None, tmp_path)


@pytest.mark.parametrize("name", [name for name in Name if name is not Name.COMPACT])
def test_a_network_that_is_not_there_is_never_substituted(name: Name, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=f"make models NAMES={name}"):
        locate(name, None, tmp_path)


def test_the_right_file_has_its_own_sha_256(published: bytes, tmp_path: Path) -> None:
    (tmp_path / "u2netp.onnx").write_bytes(published)
    assert locate(Name.U2NETP, None, tmp_path).sha256 == hashlib.sha256(published).hexdigest()


def test_a_given_file_is_taken_whatever_its_digest(tmp_path: Path) -> None:
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


def test_int8_is_the_quantized_file_beside_the_float_one(tmp_path: Path) -> None:
    given = tmp_path / "mine.onnx"
    given.write_bytes(b"float")
    with pytest.raises(Invalid, match=r"mine\.int8\.onnx; `python -m research\.quantize u2netp`"):
        locate(Name.U2NETP, given, tmp_path, Precision.INT8)
    (tmp_path / "mine.int8.onnx").write_bytes(b"whole numbers")
    weights = locate(Name.U2NETP, given, tmp_path, Precision.INT8)
    assert (weights.path.name, weights.precision) == ("mine.int8.onnx", Precision.INT8)
    assert weights.sha256 == hashlib.sha256(b"whole numbers").hexdigest()


def test_the_bundled_networks_quantized_form_lies_outside_the_repository(tmp_path: Path) -> None:
    (tmp_path / "compact.int8.onnx").write_bytes(b"whole numbers")
    assert locate(Name.COMPACT, None, tmp_path, Precision.INT8).path.parent == tmp_path
