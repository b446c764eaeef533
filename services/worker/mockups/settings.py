"""The settings of the service that draws mock-ups, read from the environment."""

from dataclasses import dataclass
from typing import Self

from pydantic import Field

from shared import settings


class Access(settings.EnvSettings):
    """Who may ask for mock-ups: holders of the token, or anyone who reaches the port if there is none."""

    token: settings.OwnSecret | None = Field(None, validation_alias="MOCKUPS_TOKEN")


@dataclass(frozen=True, slots=True)
class Settings:
    storage: settings.Storage
    access: Access
    ops: settings.Ops

    @classmethod
    def read(cls) -> Self:
        return cls(storage=settings.Storage.read(), access=Access.read(), ops=settings.Ops.read())
