"""The print check on drawn pictures; A1 to A10 are the acceptance cases of the design."""

import numpy as np
import pytest

from services.worker.prepress.arrays import Pixels
from services.worker.prepress.check import Report, check
from services.worker.prepress.rules import Print
from shared.models.print_check import Box, Code, Figures, Finding, Level, PrintMethod
from tests.services.worker.prepress.pictures import GREEN, RED, SIDE, blurred, cut_out, disc, photographed

ON_WHITE = Print(100)
ON_BLACK = Print(100, garment=(20, 20, 22))


def levels(report: Report) -> dict[Code, Level]:
    return {finding.code: finding.level for finding in report.findings}


def figures(report: Report) -> Figures:
    assert report.figures
    return report.figures


def finding(report: Report, code: Code) -> Finding:
    return next(found for found in report.findings if found.code is code)


def test_a1_a_clean_disc_has_nothing_wrong() -> None:
    report = check(cut_out(disc()), ON_WHITE)
    assert figures(report).dpi == pytest.approx(254.3, abs=0.1)
    assert (report.ok, report.score, report.findings) == (True, 100, ())


def test_a2_a_soft_outline_is_measured_by_its_slope() -> None:
    report = check(cut_out(blurred(disc(), 6)), ON_WHITE)
    assert figures(report).rim_px >= 12
    assert levels(report)[Code.SOFT_RIM] is Level.WARN


def test_a3_a_half_transparent_subject_fails_without_being_called_a_rim() -> None:
    report = check(cut_out(disc() * 0.5), ON_WHITE)
    assert figures(report).semi_inner > 0.95
    assert levels(report)[Code.SEMI] is Level.FAIL
    assert figures(report).rim_px < 5


def specks_and_a_pinhole() -> Pixels:
    alpha = disc(380)
    for number in range(20):
        y, x = 30 + 50 * (number % 10), 20 if number < 10 else SIDE - 40
        alpha[y : y + 3, x : x + 3] = 1
    alpha[540:543, 540:543] = 0
    return cut_out(alpha)


def test_a4_specks_and_pinholes_are_counted_and_shown() -> None:
    report = check(specks_and_a_pinhole(), ON_WHITE)
    assert (figures(report).islands, figures(report).pinholes) == (20, 1)
    assert finding(report, Code.PINHOLES).where == (Box(540, 540, 543, 543),)
    shown = finding(report, Code.ISLANDS).where
    assert all(box.left in (20, SIDE - 40) or box.left < 50 or box.left > SIDE - 90 for box in shown)


def test_a_pinhole_in_a_full_picture_is_no_outside() -> None:
    alpha = np.ones((SIDE, SIDE), np.float32)
    alpha[540:543, 540:543] = 0
    assert figures(check(cut_out(alpha), ON_WHITE)).pinholes == 1


def lines(*widths: int) -> Pixels:
    alpha = np.zeros((SIDE, SIDE), np.float32)
    for number, width in enumerate(widths):
        alpha[100:900, 100 + 200 * number : 100 + 200 * number + width] = 1
    alpha[100:1000, 600:1000] = 1
    return cut_out(alpha)


def test_a5_a_line_of_02_mm_is_too_thin_and_one_of_09_mm_is_not() -> None:
    report = check(lines(2, 9), Print(90))
    assert figures(report).thin_parts == 1
    assert finding(report, Code.THIN).where == (Box(100, 100, 102, 900),)


def test_a6_spill_of_the_old_background_is_measured() -> None:
    photo = photographed(disc(edge=2.5))
    report = check(cut_out(blurred(disc(edge=8), 3), photo), ON_WHITE, photo)
    assert figures(report).contamination > 0.4
    assert levels(report)[Code.CONTAMINATION] is Level.WARN
    assert Code.HALO not in levels(report)


def test_spill_is_noticed_without_the_photograph() -> None:
    photo = photographed(disc(edge=2.5))
    assert Code.HALO in levels(check(cut_out(blurred(disc(edge=8), 3), photo), ON_WHITE))


def test_a_subjects_own_shading_is_no_spill() -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    round_off = 1 - 0.7 * np.clip((np.hypot(rows, columns) - 480) / 20, 0, 1)
    photo = (round_off[..., None] * np.array(RED)).astype(np.uint8)
    report = check(cut_out(disc(), photo), ON_WHITE)
    assert report.findings == ()


@pytest.mark.parametrize(
    ("colour", "share"), [((0, 255, 0), 1), ((0, 0, 255), 1), ((224, 172, 140), 0), ((20, 30, 80), 0)]
)
def test_a7_pure_green_and_blue_are_out_of_reach_skin_and_navy_are_not(
    colour: tuple[int, int, int], share: float
) -> None:
    report = check(cut_out(disc(), colour), ON_WHITE)
    assert figures(report).out_of_gamut == share
    assert (Code.GAMUT in levels(report)) is bool(share)


def test_a8_black_on_black_vanishes() -> None:
    report = check(cut_out(disc(), (8, 8, 8)), ON_BLACK)
    assert figures(report).vanish > 0.9
    assert levels(report) == {Code.VANISH: Level.WARN, Code.BLACK_ON_UNDERBASE: Level.WARN}


def test_a_sticker_has_no_underbase() -> None:
    report = check(cut_out(disc(), (8, 8, 8)), Print(100, garment=(20, 20, 22), method=PrintMethod.STICKER))
    assert Code.BLACK_ON_UNDERBASE not in levels(report)


def test_a9_a_print_wider_than_the_area_fails() -> None:
    report = check(cut_out(disc()), Print(400))
    assert figures(report).over_mm == pytest.approx(47.5, abs=0.1)
    assert levels(report)[Code.BOUNDS] is Level.FAIL


def test_an_offset_can_push_a_print_out_of_its_area() -> None:
    assert check(cut_out(disc()), Print(100, offset_mm=(206, 0))).ok is False
    assert check(cut_out(disc()), Print(100, offset_mm=(204, 0))).ok is True


def test_a10_too_few_pixels_fail() -> None:
    report = check(cut_out(disc(150)), ON_WHITE)
    assert figures(report).dpi == pytest.approx(76.5, abs=1)
    assert levels(report) == {Code.DPI: Level.FAIL}
    assert "50 mm" in finding(report, Code.DPI).fix


def test_the_advised_width_has_the_resolution_it_promises() -> None:
    assert check(cut_out(disc(150)), Print(50)).findings == ()


def test_dtf_asks_for_more_pixels_than_dtg() -> None:
    picture = cut_out(disc(300))
    assert Code.DPI in levels(check(picture, Print(80, method=PrintMethod.DTF)))
    assert Code.DPI not in levels(check(picture, Print(80, method=PrintMethod.DTG)))


def test_nothing_to_print_fails() -> None:
    report = check(np.zeros((40, 30, 4), np.uint8), ON_WHITE)
    assert (report.ok, report.score, report.figures) == (False, 0, None)
    assert report.findings[0].where == (Box(0, 0, 30, 40),)


def test_a_subject_cut_by_the_border_is_said_and_shown_there() -> None:
    alpha = np.zeros((SIDE, SIDE), np.float32)
    alpha[600:, 300:800] = 1
    report = check(cut_out(alpha), ON_WHITE)
    assert finding(report, Code.CROPPED).where == (Box(300, 1078, 800, 1100),)


def test_a_soft_part_away_from_the_outline_is_shown_where_it_is() -> None:
    alpha = disc()
    alpha[500:600, 400:480] = 0.6
    box = finding(check(cut_out(alpha), ON_WHITE), Code.SEMI).where[0]
    assert (400 <= box.left < 410, 500 <= box.top < 510, 470 < box.right <= 480, 590 < box.bottom <= 600) == (True,) * 4


def test_boxes_lie_in_the_picture_at_any_scale() -> None:
    alpha = np.zeros((3001, 2503), np.float32)
    alpha[400:3001, 5:2503] = 0.5
    report = check(cut_out(alpha, GREEN), ON_WHITE)
    boxes = [box for found in report.findings for box in found.where]
    assert boxes
    for box in boxes:
        assert 0 <= box.left < box.right <= 2503
        assert 0 <= box.top < box.bottom <= 3001


def test_every_fix_is_a_sentence() -> None:
    soft = cut_out(blurred(disc(150), 6) * 0.9, (0, 255, 0))
    for method in PrintMethod:
        report = check(soft, Print(400, garment=(10, 240, 10), method=method))
        assert len(report.findings) >= 5
        assert all(found.fix[0].isupper() and found.fix.endswith(".") for found in report.findings)
        assert all(found.where for found in report.findings)


def test_lines_are_too_thin_at_any_resolution_of_the_same_print() -> None:
    for scale in (1, 2, 3):
        picture = lines(2, 9).repeat(scale, 0).repeat(scale, 1)
        assert figures(check(picture, Print(90))).thin_parts == 1
