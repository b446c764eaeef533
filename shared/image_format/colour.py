"""Colour stated by numbers instead of a profile: PNG's cICP, gAMA and cHRM, HEIF's nclx, Adobe RGB in EXIF.

Each becomes a profile, so that decoding knows one way only. Numbers that mean sRGB become an empty one: nothing to do.
"""

import struct
from typing import NamedTuple

from shared.errors import UnsupportedImage
from shared.image_format import icc

# Types of a parametric curve (ICC.1, 10.18): 0 is a power, 3 a power with a straight piece below d.
_POWER, _PIECEWISE = 0, 3
SRGB_CURVE = b"para" + bytes(4) + struct.pack(
    ">HH5i", _PIECEWISE, 0, *(round(v * 65536) for v in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
)  # fmt: skip
_SRGB_GAMMA = 45_455  # what the standard has writers put beside sRGB, whose curve is not exactly this power
_GAMMA_UNIT = _CHROMATICITY_UNIT = 100_000
_ADOBE_GAMMA = 563 / 256
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
Point = tuple[float, float]  # x and y of a colour


class Primaries(NamedTuple):
    white: Point
    red: Point
    green: Point
    blue: Point


_D65 = (0.3127, 0.3290)
SRGB = Primaries(_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_ADOBE = Primaries(_D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
_TELEVISION = Primaries(_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
_PRIMARIES = {  # ITU-T H.273, table 2
    1: SRGB,
    4: Primaries((0.310, 0.316), (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: Primaries(_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: _TELEVISION,
    7: _TELEVISION,
    9: Primaries(_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: Primaries((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: Primaries(_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
# Table 3. The curves of television cameras (1, 6, 14, 15) are shown as sRGB, as they are where pictures are made with
# it: their inverse would be lighter, the screens that the standard has in mind are darker.
_CURVES = {1: SRGB_CURVE, 6: SRGB_CURVE, 13: SRGB_CURVE, 14: SRGB_CURVE, 15: SRGB_CURVE}
_POWERS = {4: 2.2, 5: 2.8, 8: 1.0}
_HDR = {16: "PQ", 18: "HLG"}


def from_code_points(primaries: int, transfer: int, space: bytes = icc.RGB) -> bytes | None:
    """By the numbers of H.273; None where they say nothing that is known here.

    Raises UnsupportedImage for HDR: what it looks like depends on the screen, and paper is none.
    """
    if transfer in _HDR:
        raise UnsupportedImage(
            f"This is an HDR picture ({_HDR[transfer]}), which is not supported; export it in standard range (SDR)."
        )
    curve = _power(_POWERS[transfer]) if transfer in _POWERS else _CURVES.get(transfer)
    if curve is None or primaries not in _PRIMARIES:
        return None
    return _profile(_PRIMARIES[primaries], curve, space)


def from_gamma(gamma: bytes | None, chromaticities: bytes | None, space: bytes) -> bytes | None:
    """By the bodies of gAMA and cHRM; None where they make no sense, or there are none."""
    if gamma is None and chromaticities is None:
        return None
    try:
        curve = SRGB_CURVE
        if gamma is not None and (stated := struct.unpack(">I", gamma)[0]) != _SRGB_GAMMA:
            curve = _power(_GAMMA_UNIT / stated)
        return _profile(SRGB if chromaticities is None else _points(chromaticities), curve, space)
    except (ZeroDivisionError, struct.error):  # of another length, spanning nothing, or beyond a profile's numbers
        return None


def _points(chromaticities: bytes) -> Primaries:
    values = [value / _CHROMATICITY_UNIT for value in struct.unpack(">8I", chromaticities)]
    return Primaries(*zip(values[::2], values[1::2], strict=True))


def adobe_rgb() -> bytes:
    return _profile(_ADOBE, _power(_ADOBE_GAMMA), icc.RGB)


def _power(exponent: float) -> bytes:
    return b"para" + bytes(4) + struct.pack(">HHi", _POWER, 0, round(exponent * 65536))


def _profile(primaries: Primaries, curve: bytes, space: bytes) -> bytes:
    white = {b"wtpt": icc.xyz(*icc.D50)}
    if space == icc.GREY:
        return icc.made(space, white | {b"kTRC": curve}) if curve != SRGB_CURVE else b""
    if curve == SRGB_CURVE and all(
        abs(one - other) < 0.001 for mine, srgb in zip(primaries, SRGB, strict=True)
        for one, other in zip(mine, srgb, strict=True)
    ):  # fmt: skip
        return b""
    colours = {
        bytes([name]) + b"XYZ": icc.xyz(*column) for name, column in zip(b"rgb", _columns(primaries), strict=True)
    }
    return icc.made(icc.RGB, white | colours | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def _columns(primaries: Primaries) -> list[Vector]:
    """XYZ of full red, green and blue as they look under D50, to which profiles are related."""
    white, *colours = (_xyz(point) for point in primaries)
    shares = _solved(_transposed((colours[0], colours[1], colours[2])), white)
    adapt = _adaptation(white)
    return [_times(adapt, (share * x, share * y, share * z)) for share, (x, y, z) in zip(shares, colours, strict=True)]


def _xyz(point: Point) -> Vector:
    x, y = point
    return x / y, 1.0, (1 - x - y) / y


def _adaptation(white: Vector) -> Matrix:
    """From colours under this white to what they look like under D50 (Bradford)."""
    scale = [to / of for to, of in zip(_times(_BRADFORD, icc.D50), _times(_BRADFORD, white), strict=True)]
    columns = [
        _solved(_BRADFORD, (scale[0] * row[0], scale[1] * row[1], scale[2] * row[2]))
        for row in _transposed(_BRADFORD)
    ]  # fmt: skip
    return _transposed((columns[0], columns[1], columns[2]))


def _times(matrix: Matrix, vector: Vector) -> Vector:
    x, y, z = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return x, y, z


def _transposed(matrix: Matrix) -> Matrix:
    first, second, third = zip(*matrix, strict=True)
    return first, second, third


def _solved(matrix: Matrix, right: Vector) -> Vector:
    """The vector that `matrix` takes to `right` (Cramer)."""
    columns = _transposed(matrix)
    whole = _determinant(columns)
    x, y, z = (
        _determinant((*columns[:at], right, *columns[at + 1 :])) / whole for at in range(3)  # type: ignore[arg-type]
    )  # fmt: skip
    return x, y, z


def _determinant(rows: Matrix) -> float:
    (a, b, c), (d, e, f), (g, h, i) = rows
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
