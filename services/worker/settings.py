"""What the worker reads from the environment."""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from shared import settings, timeouts
from shared.models.job import Queue
from shared.print_settings import Printing
from shared.webhook_settings import Webhooks


def _queues(text: str) -> tuple[Queue, ...]:
    names = dict.fromkeys(name.strip() for name in text.split(",") if name.strip())
    if unknown := [name for name in names if name not in list(Queue)]:
        raise ValueError(f"{unknown[0]} is none of {', '.join(Queue)}")
    if not names:
        raise ValueError("names no queue")
    return tuple(map(Queue, names))


_Queues = Annotated[tuple[Queue, ...], BeforeValidator(_queues)]


class Work(settings.EnvSettings):
    """Queues, concurrency, leases and ports of the worker."""

    lease_s: float = Field(timeouts.LEASE_S, validation_alias="LEASE_S", gt=1, le=3600)
    queues: _Queues = Field("jobs", validation_alias="WORKER_QUEUES")  # type: ignore[arg-type] # read like a given value
    print_instances: int = Field(0, validation_alias="PRINT_INSTANCES", ge=0, le=1000)
    print_after_cutout: bool | None = Field(None, validation_alias="PRINT_AFTER_CUTOUT")
    threads: int = Field(3, validation_alias="WORKER_CONCURRENCY", ge=1, le=32)
    port: int = Field(8001, validation_alias="WORKER_PORT", ge=0, le=65535)
    rembg_places: int = Field(
        3, validation_alias="REMBG_PLACES", ge=1, le=64
    )  # what rembg works on, two, and one on its way
    host: settings.Host = Field("0.0.0.0", validation_alias="BIND_HOST")  # noqa: S104 - a container is checked from outside

    @property
    def prints(self) -> bool:
        """Whether a cut-out is followed by its print edges: by default where there are workers for them."""
        return self.print_instances > 0 if self.print_after_cutout is None else self.print_after_cutout


class Cdn(settings.EnvSettings):
    """The CDN in front of the shop, which is told what was deleted if `purge_url` is set."""

    purge_url: settings.SecretHttpUrl | None = Field(None, validation_alias="CDN_PURGE_URL")
    purge_token: settings.IssuedSecret | None = Field(None, validation_alias="CDN_PURGE_TOKEN")
    public_url: settings.Origin = Field("", validation_alias="PUBLIC_URL")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.purge_url and not self.public_url:
            raise ValueError("CDN_PURGE_URL also needs PUBLIC_URL, such as https://shop.example, which the CDN serves")
        return self


@dataclass(frozen=True, slots=True)
class Settings:
    database: settings.Database
    broker: settings.Broker
    storage: settings.Storage
    keys: settings.Keys
    retention: settings.Retention
    rembg: settings.Rembg
    providers: settings.Providers
    printing: Printing
    ops: settings.Ops
    work: Work
    cdn: Cdn
    webhooks: Webhooks

    @classmethod
    def read(cls) -> Self:
        return cls(
            database=settings.Database.read(),
            broker=settings.Broker.read(),
            storage=settings.Storage.read(),
            keys=settings.Keys.read(),
            retention=settings.Retention.read(),
            rembg=settings.Rembg.read(),
            providers=settings.Providers.read(),
            printing=Printing.read(),
            ops=settings.Ops.read(),
            work=Work.read(),
            cdn=Cdn.read(),
            webhooks=Webhooks.read(),
        )
