"""Settings of `make run`: ports, the data folder, and the environment of the services."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from deploy.local.errors import CommandError

_UNUSABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # the last: bytes that are no UTF-8


@dataclass(frozen=True, slots=True)
class Settings:
    """`given` is the whole environment, passed on to the services."""

    api_port: int
    rembg_port: int
    worker_port: int
    mockups_port: int
    stripe_double_port: int
    data: Path
    given: Mapping[str, str]

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Raises CommandError for an invalid port or folder."""
        return cls(
            api_port=_port("PORT", environ.get("PORT") or "8000"),
            rembg_port=_port("REMBG_PORT", environ.get("REMBG_PORT") or "7000"),
            worker_port=_port("WORKER_PORT", environ.get("WORKER_PORT") or "8001"),
            mockups_port=_port("MOCKUPS_PORT", environ.get("MOCKUPS_PORT") or "7100"),
            stripe_double_port=_port("STRIPE_DOUBLE_PORT", environ.get("STRIPE_DOUBLE_PORT") or "12111"),
            data=_folder("DATA_DIR", environ.get("DATA_DIR") or "data"),
            given=environ,
        )

    @property
    def doubles_stripe(self) -> bool:
        """Whether payments go to a double of Stripe that is started with the rest."""
        return not self.given.get("STRIPE_SECRET_KEY")

    @property
    def ports(self) -> dict[str, int]:
        """Those that must be free."""
        return {
            "PORT": self.api_port,
            "REMBG_PORT": self.rembg_port,
            "WORKER_PORT": self.worker_port,
            "MOCKUPS_PORT": self.mockups_port,
            **({"STRIPE_DOUBLE_PORT": self.stripe_double_port} if self.doubles_stripe else {}),
        }


def _folder(name: str, text: str) -> Path:
    """The absolute path; Postgres stores it in files of lines, so it must be one line of text."""
    folder = Path(text).resolve()
    if _UNUSABLE.search(str(folder)):
        raise CommandError(f"{name} must not contain line breaks or control characters, and is {str(folder)!r}")
    return folder


def _port(name: str, text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 65_535):
        raise CommandError(f"{name} must be a number from 1 to 65535, and is {text}")
    return int(text)
