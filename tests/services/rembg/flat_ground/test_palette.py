"""The inks, and the test that tells artwork from photographs."""

import numpy as np

from bench.logos import compressed
from services.rembg.flat_ground import ground, palette
from tests.services.rembg.flat_ground.scenes import BLUE, RED, WHITE, composed, disc, garment


def look(picture: np.ndarray) -> tuple[palette.Palette, palette.Shares]:
    found = ground.find(picture)
    assert found is not None
    return palette.find(picture, found)


def two_inks() -> np.ndarray:
    return composed(disc(), composed(disc(radius=50), RED, BLUE), WHITE)


def test_each_ink_is_found_the_most_frequent_first() -> None:
    inks, shares = look(two_inks())
    assert inks.inks.tolist() == [list(BLUE), list(RED)]
    assert shares.flat
    assert inks.ringing == 0


def test_ringing_of_a_jpeg_is_no_ink() -> None:
    inks, shares = look(compressed(two_inks(), 85, subsampling=2))
    assert len(inks.inks) == 2
    assert shares.flat
    assert inks.ringing > 0


def test_folds_and_shadows_are_not_flat() -> None:
    _, shares = look(garment(WHITE, shadow=0.35))
    assert not shares.flat
    assert shares.soft > 0.5


def test_shades_of_one_ink_count_as_a_blend() -> None:
    shaded = composed(disc(radius=50), (50, 80, 180), BLUE)
    _, shares = look(composed(disc(), shaded, WHITE))
    assert shares.blended > 0.2
