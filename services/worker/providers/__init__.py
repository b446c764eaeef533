"""Removing the background: providers behind one Protocol, with typed outcomes.

    outcome       meaning                                     what happens
    Answer        a picture with alpha, still to be verified  it is verified and stored
    Refused       the picture cannot be cut out               the job fails with the provider's words
    Broken        the answer is wrong                         a limited number of attempts
    Unavailable   down, full or too slow                      another provider, or the same one later

`charged` says whether money went with the failure. Where that cannot be known, it counts as charged.
"""

from dataclasses import dataclass
from typing import Protocol

from shared.models.cutout import Provider
from shared.models.job import JobFailure


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider sent back, not yet verified.

    `model` names what made it, `engine` exactly that (name and digest).
    """

    png: bytes
    model: str
    engine: str
    charged_microusd: int = 0


class Refused(Exception):
    """The picture cannot be cut out."""

    outcome = "refused"
    charged = False

    def __init__(self, error: JobFailure, message: str) -> None:
        super().__init__(message)
        self.error = error
        self.message = message


class Broken(Exception):
    """The provider failed in a way that may pass."""

    outcome = "broken"

    def __init__(self, message: str, *, charged: bool = False) -> None:
        super().__init__(message)
        self.charged = charged


class Unavailable(Exception):
    """The provider cannot be reached, or has no place free. `retry_after_s` is its own word."""

    outcome = "unavailable"

    def __init__(self, message: str, *, sent: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.charged = sent
        self.retry_after_s = retry_after_s


class Full(Unavailable):
    """It works, but every place is taken: no reason to stop asking it."""


class Remover(Protocol):
    """A provider. `price_microusd` is what one call may cost, 0 for our own."""

    provider: Provider
    price_microusd: int
    max_pixels: int  # larger pictures are not sent

    def remove(self, picture: bytes, request_id: str) -> Answer:
        """Cut out an upright-by-EXIF JPEG, PNG or WebP. Raises Refused, Broken or Unavailable."""
        ...

    def engine(self) -> str | None:
        """What `remove` would run now (for finding earlier results), or None when that is not known."""
        ...
