"""Removing the background: one provider behind one function, with typed outcomes.

cut-out ──> Cutout             the picture with alpha, verified
the picture's fault ──> Refused    the same again would be refused again: the job fails with the provider's words
the provider's fault ──> Broken    it answered, but wrongly: worth a limited number of attempts
nobody there ──> Unavailable       down, full or too slow: wait and try again, however often
"""

from dataclasses import dataclass

from shared.models import Foreground, JobFailure, Provider


@dataclass(frozen=True, slots=True)
class Cutout:
    """PNG bytes with alpha at the picture's full size, and what is known about them."""

    png: bytes
    provider: Provider
    model: str
    uncertain: float
    foreground: Foreground


class Refused(Exception):
    """The picture cannot be cut out."""

    def __init__(self, error: JobFailure, message: str) -> None:
        super().__init__(message)
        self.error = error
        self.message = message


class Broken(Exception):
    """The provider failed in a way that may pass."""


class Unavailable(Exception):
    """The provider cannot be reached, or has no place free."""
