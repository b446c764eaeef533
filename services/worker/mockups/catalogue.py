"""Finding a garment and reading its colour, with the failures that callers get."""

from services.worker.mockups.colours import Rgb, parse
from shared import errors
from shared.models.garment import GARMENTS, Garment


def find(name: str) -> Garment:
    """Raises NotFound."""
    if name not in GARMENTS:
        raise errors.NotFound(f"There is no garment of this name; there are {', '.join(GARMENTS)}.")
    return GARMENTS[name]


def colour(text: str) -> Rgb:
    """Raises InvalidRequest."""
    try:
        return parse(text)
    except ValueError as error:
        raise errors.InvalidRequest(f"{error}.", details={"colour": text[:20]}) from None
