"""What is wrong with placements, whoever made them: counts, edges of the film, gaps between true outlines."""

from collections import Counter
from collections.abc import Iterator, Sequence

import shapely
from shapely.geometry import Polygon

from services.worker.gang_sheet.geometry import Shape, laid
from shared.models.gang_sheet import Film, Placement

# Placements lie on whole pixels, which may take a piece 0.05 mm into the margin; gaps have room for that.
_EDGE_MM = 0.06
_GAP_MM = 0.005


def problems(shapes: Sequence[Shape], placements: Sequence[Placement], film: Film) -> list[str]:
    """Everything that is wrong; empty for placements that can be printed and cut."""
    counted = Counter(placement.item for placement in placements)
    found = [
        f"item {item}: {counted[item]} of {shape.copies} copies"
        for item, shape in enumerate(shapes)
        if counted[item] != shape.copies
    ]
    for sheet in sorted({placement.sheet for placement in placements}):
        outlines = [laid(shapes, placement) for placement in placements if placement.sheet == sheet]
        found += [f"sheet {sheet}: {problem}" for problem in _of_sheet(outlines, film)]
    return found


def _of_sheet(outlines: list[Polygon], film: Film) -> Iterator[str]:
    least = film.margin_mm - _EDGE_MM
    inner = shapely.box(least, least, film.width_mm - least, film.max_length_mm - least)
    yield from (f"piece {at} over the edge" for at, shape in enumerate(outlines) if not inner.covers(shape))
    tree = shapely.STRtree(outlines)
    near = tree.query(outlines, predicate="dwithin", distance=max(0.0, film.gap_mm - _GAP_MM))
    for one, other in near.T:
        if one < other:
            yield f"pieces {one} and {other} {outlines[one].distance(outlines[other]):.3f} mm apart"
