"""Strips: they add up to the picture, or the writer says so."""

import zlib

import numpy as np
import pytest

from services.worker.print_formats.strips import checked, deflated, strips_of

PIXELS = np.random.default_rng(1).integers(0, 256, (2000, 700, 4), dtype=np.uint8)


def test_strips_are_views_that_cover_the_picture_in_order() -> None:
    strips = list(strips_of(PIXELS))
    assert len(strips) > 3
    assert np.array_equal(np.concatenate(strips), PIXELS)
    assert all(np.shares_memory(strip, PIXELS) for strip in strips)
    assert next(strips_of(PIXELS[..., 0])).shape[2] == 1


@pytest.mark.parametrize(
    "strips",
    [
        [PIXELS[:10]],
        [PIXELS[:20], PIXELS[:1]],
        [PIXELS[:20, :699]],
        [PIXELS[:20, :, :3]],
        [PIXELS[:20].astype(np.uint16)],
        [],
    ],
)
def test_strips_that_do_not_add_up_are_refused(strips: list[np.ndarray]) -> None:
    with pytest.raises(ValueError, match="rows"):
        list(checked(strips, (700, 20), 4))


def test_rows_are_stored_as_differences_whatever_the_strips() -> None:
    streams = [b"".join(deflated(cut)) for cut in ([PIXELS], [PIXELS[:1], PIXELS[1:7], PIXELS[7:]])]
    lines, others = (np.frombuffer(zlib.decompress(stream), np.uint8).reshape(2000, -1) for stream in streams)
    assert np.array_equal(lines, others)
    assert set(lines[:, 0]) == {2}
    assert np.array_equal(np.cumsum(lines[:, 1:], 0, dtype=np.uint8).reshape(PIXELS.shape), PIXELS)
