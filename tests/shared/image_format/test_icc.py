"""A cleaned profile gives the same colours and contains no text."""

import io
import struct

import pytest
from PIL import Image, ImageCms

from shared.image_format import icc
from shared.image_format.structure import MAX_PROFILE_BYTES
from tests.hostile.build import icc_profile

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PROFILES = {
    "grey": (icc_profile(b"GRAY"), "L"),
    "display": (icc_profile(b"RGB ", (1, 2, 0), 1.8), "RGB"),
    "lcms": (SRGB, "RGB"),
}


def _opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


@pytest.mark.parametrize("name", PROFILES)
def test_colours_stay_the_same(name: str) -> None:
    profile, mode = PROFILES[name]
    image = Image.merge("RGB", [Image.linear_gradient("L").rotate(turn) for turn in (0, 90, 180)]).convert(mode)
    made = []
    for each in (profile, icc.clean(profile)):
        lab = ImageCms.profileToProfile(image, _opened(each), ImageCms.createProfile("LAB"), outputMode="LAB")
        assert lab is not None
        made.append(lab.tobytes())
    assert made[0] == made[1]


@pytest.mark.parametrize("name", PROFILES)
def test_texts_are_removed_and_cleaning_is_idempotent(name: str) -> None:
    profile = icc.clean(PROFILES[name][0])
    assert b"SECRET" not in profile
    assert "No copyright".encode("utf-16-be") not in profile
    assert ImageCms.getProfileCopyright(_opened(profile)).strip() == ""
    assert icc.clean(profile) == profile
    assert struct.unpack_from(">I", profile) == (len(profile),)


def test_the_name_of_a_profile_is_removed() -> None:
    """In both versions of the format."""
    assert SRGB[SRGB.index(b"mluc") :][:4] == b"mluc"
    for profile in (SRGB, icc_profile(b"RGB ")):
        assert ImageCms.getProfileDescription(_opened(icc.clean(profile))).strip() == "profile"


def test_equal_tags_share_their_bytes() -> None:
    profile = icc_profile(b"RGB ")
    curve = struct.pack(">IH", 1, round(2.2 * 256))
    assert profile.count(curve) == 3
    assert icc.clean(profile).count(curve) == 1


@pytest.mark.parametrize("end", [0, 40, 130, 200])
def test_a_truncated_profile_is_refused_or_has_fewer_tags(end: int) -> None:
    cut = icc_profile(b"RGB ")[:end]
    assert icc.clean(cut) == b""


def test_an_invalid_profile_is_dropped() -> None:
    assert icc.clean(bytes(range(256)) * 12) == b""
    endless = bytearray(icc_profile(b"RGB "))
    endless[128:132] = b"\xff" * 4
    assert len(icc.clean(bytes(endless))) < 2_000_000


def test_overlapping_tags_cannot_exceed_the_limit_of_a_profile() -> None:
    names = [f"{kind}{index}".encode() for kind in ("A2B", "B2A", "D2B", "B2D") for index in range(4)]
    size = MAX_PROFILE_BYTES // 2
    table = b"".join(struct.pack(">4sII", name, 1_000 + index, size) for index, name in enumerate(names))
    grown = icc_profile(b"RGB ")[:128] + struct.pack(">I", len(names)) + table
    assert icc.clean(grown.ljust(MAX_PROFILE_BYTES, b"x")) == b""


def test_only_a_matrix_profile_has_curves() -> None:
    profile = icc.clean(icc_profile(b"RGB ", gamma=1.8))
    curves = icc.curves(profile)
    assert curves is not None
    assert len(set(curves)) == 1 < len(curves)
    assert icc.curves(icc.with_curves(profile, b"para" + bytes(12))) == [b"para" + bytes(12)] * 3
    assert icc.curves(icc.clean(icc_profile(b"GRAY"))) is not None
    tables = icc.made(icc.RGB, {b"A2B0": b"mft2" + bytes(60)} | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv"))
    assert icc.curves(tables) is None
    assert icc.curves(b"") is None
