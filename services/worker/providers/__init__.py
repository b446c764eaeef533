"""Background removal: providers behind one Protocol, with typed outcomes.

    Answer         the provider's picture, not yet verified
    Refused        the picture's fault: the provider would refuse it again, so the job fails with its words
    Broken         the provider's fault, it answered but wrongly: worth a limited number of attempts
    Unavailable    down, full or too slow: another provider may do it, or the same one later

`charged` tells whether the failed call cost money. If that cannot be known, it counts as charged.
"""

import hashlib
from dataclasses import dataclass
from typing import Protocol

from services.worker.failures import Failed, Postponed, Retryable
from shared.models.asset import Asset
from shared.models.cutout import NO_OPTIONS, CutoutInput, MaskPrecision, Method, Provider
from shared.models.job import Job

PROCESSING = 2  # raise it whenever the same picture would come out differently, and earlier results are not reused


@dataclass(frozen=True, slots=True)
class Request:
    """A picture to be cut out: `picture` is the stored file of `source`, with its orientation."""

    job: Job
    options: CutoutInput
    source: Asset
    picture: bytes

    def fingerprint(self, engine: str) -> str:
        """What the cut-out depends on: the owner, the bytes as received, the options, and what makes it of them.

        Not on the rendering, so that files in any format and on any background are made of one cut-out.
        """
        owner, options = self.source.owner, self.options
        asked = f"{options.transparency} {options.method} {options.decontaminate}{' matting' * options.matting}"
        facts = f"cutout {PROCESSING}|{owner.type}:{owner.id}|{self.source.sha256}|{asked}|{engine}"
        return hashlib.sha256(facts.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's picture, not yet verified. `model` names what made it, `engine` adds its digest.

    `uncertain` is the provider's own doubt; `precision` is as in `Job`, the others are as in `CutoutResult`.
    """

    png: bytes
    model: str
    engine: str
    charged_microusd: int = 0
    uncertain: float = 0.0
    method: Method | None = None
    precision: MaskPrecision | None = None
    passed_through: bool = False


class Refused(Failed):
    """The picture cannot be cut out."""

    outcome = "refused"
    charged = False


class Broken(Retryable):
    """The provider failed in a way that may pass."""

    outcome = "broken"

    def __init__(self, message: str, *, charged: bool = False) -> None:
        super().__init__(message)
        self.charged = charged


class Unavailable(Postponed):
    """The provider cannot be reached, or is full. `sent`: the request may have arrived."""

    outcome = "unavailable"

    def __init__(self, message: str, *, sent: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.charged = sent


class Full(Unavailable):
    """The provider works, but is at its limit: no reason to stop calling it."""


class Remover(Protocol):
    """A provider. `price_microusd` is the most that one call costs, 0 for our own."""

    provider: Provider
    price_microusd: int
    max_pixels: int  # larger pictures are not sent

    def remove(self, picture: bytes, request_id: str, options: CutoutInput = NO_OPTIONS) -> Answer:
        """Cut out a JPEG, PNG or WebP whose EXIF says how it is turned. Raises Refused, Broken or Unavailable."""
        ...

    def engine(self) -> str | None:
        """What `remove` would run now, to find earlier results; None when that is not known."""
        ...
