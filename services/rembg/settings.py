"""The settings of the rembg service, read from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import Field

from services.rembg.weights import PUBLISHED_AT, Name, Precision
from shared import settings, timeouts


class Model(settings.EnvSettings):
    """Which network to run, and where its weights are; weights/resolve.py has the rules."""

    name: Name | None = Field(None, validation_alias="REMBG_MODEL")
    path: Path | None = Field(None, validation_alias="REMBG_MODEL_PATH")
    precision: Precision = Field(Precision.AUTO, validation_alias="REMBG_PRECISION")
    base_url: settings.HttpUrl = Field(PUBLISHED_AT, validation_alias="REMBG_MODEL_BASE_URL")
    models_dir: Path | None = Field(None, validation_alias="MODELS_DIR")
    data_dir: Path = Field(Path("data"), validation_alias="DATA_DIR")

    @property
    def folder(self) -> Path:
        return self.models_dir or self.data_dir / "models"


def cores() -> int:
    """Those this process may run on, fewer than the machine has in some containers; all of them on macOS."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Work(settings.EnvSettings):
    """How much is accepted at once: `slots` pictures in work and `max_waiting` waiting; the rest is refused."""

    slots: int = Field(default_factory=cores, validation_alias="REMBG_MAX_WORKERS", ge=1, le=64)
    max_waiting: int = Field(8, validation_alias="REMBG_MAX_WAITING", ge=0, le=256)  # a few seconds on two cores
    deadline_s: float = Field(timeouts.INFERENCE_S, validation_alias="REMBG_DEADLINE_S", gt=0, le=3600)
    stuck_s: float = Field(timeouts.STUCK_S, validation_alias="REMBG_STUCK_S", gt=0, le=3600)
    token: settings.OwnSecret | None = Field(None, validation_alias="REMBG_TOKEN")


@dataclass(frozen=True, slots=True)
class Settings:
    model: Model
    work: Work
    ops: settings.Ops

    @classmethod
    def read(cls) -> Self:
        return cls(model=Model.read(), work=Work.read(), ops=settings.Ops.read())
