"""Where everything lies: rows of rectangles at once, true outlines if there is time, and always proven.

The nester runs in a child process with a clock. Whatever becomes of it (late, killed, a panic in native code, a result
that fails the proof, or one that is longer) the rows of rectangles are the answer.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from services.worker.gang_sheet import proof, shelves
from services.worker.gang_sheet.geometry import Shape, lengths
from shared import log
from shared.models.gang_sheet import Effort, Film, Placement

# More time saves little: 22 designs come out the same after 5 s and 12 s, 200 copies after 8 s and 20 s.
_FEW_S, _MANY_S = 5.0, 10.0
_MANY = 200  # copies
_MORE_S = 30  # than the searching: the start of the child, second tries, a busy machine
_ROOT = Path(__file__).parents[3]

_log = log.get("gang_sheet")


@dataclass(frozen=True, slots=True)
class Layout:
    """`saved`: the share of film less than rows of rectangles take."""

    placements: tuple[Placement, ...]
    lengths: tuple[float, ...]
    saved: float


def arrange(shapes: Sequence[Shape], film: Film, effort: Effort) -> Layout:
    """Placements without a problem. Raises shelves.DoesNotFit."""
    rows = shelves.lay(shapes, film)
    if problems := proof.problems(shapes, rows, film):
        raise RuntimeError(f"rows of rectangles: {problems[0]}")
    nested = _nested(shapes, film) if effort is Effort.TIGHT else None
    before = sum(lengths(shapes, rows, film))
    if nested is None or (after := sum(lengths(shapes, nested, film))) >= before:
        return Layout(tuple(rows), tuple(lengths(shapes, rows, film)), 0.0)
    return Layout(tuple(nested), tuple(lengths(shapes, nested, film)), 1 - after / before)


def _nested(shapes: Sequence[Shape], film: Film) -> list[Placement] | None:
    """Placements by the child process, or None if they cannot be had or have a problem."""
    placements = _by_child(shapes, film, seconds(shapes))
    if placements is None:
        return None
    if problems := proof.problems(shapes, placements, film):
        _log.warning("nesting_refused", problems=len(problems), first=problems[0])
        return None
    return placements


def seconds(shapes: Sequence[Shape]) -> float:
    """How long the nester searches."""
    share = min(1.0, sum(shape.copies for shape in shapes) / _MANY)
    return _FEW_S + (_MANY_S - _FEW_S) * share


def _by_child(shapes: Sequence[Shape], film: Film, search_s: float) -> list[Placement] | None:
    within_s = round(search_s + _MORE_S)
    asked = {
        "film": asdict(film),
        "seconds": search_s,
        "within_s": within_s,
        "shapes": [_json(shape) for shape in shapes],
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "services.worker.gang_sheet"],
            input=json.dumps(asked).encode(),
            capture_output=True,
            check=True,
            timeout=within_s + 1,
            cwd=_ROOT,
            env={},  # ours holds secrets
        )
        return [Placement.read(stored) for stored in json.loads(done.stdout)]
    except subprocess.CalledProcessError as error:
        _log.warning("nesting_failed", status=error.returncode, last=error.stderr[-200:].decode(errors="replace"))
    except (subprocess.TimeoutExpired, OSError, ValueError, TypeError) as error:
        _log.warning("nesting_failed", error=str(error)[:200])
    return None


def _json(shape: Shape) -> dict[str, object]:
    return {
        "outline": list(shape.outline.exterior.coords),
        "width": shape.width,
        "height": shape.height,
        "copies": shape.copies,
        "turns": shape.turns,
    }
