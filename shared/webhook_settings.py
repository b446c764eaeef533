"""Where callers' webhooks may go, for the api that registers addresses and the worker that calls them."""

from ipaddress import ip_network

from pydantic import Field, ValidationInfo, field_validator

from shared import errors, settings
from shared.guarded_http import GuardedClient, Target

_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_ANY_PORT = range(1, 65_536)


class Webhooks(settings.EnvSettings):
    """Public addresses on the default ports, in production https only; for development this machine, on any port."""

    environment: str = Field("development", validation_alias="ENVIRONMENT")
    allow_loopback: bool = Field(False, validation_alias="WEBHOOKS_ALLOW_LOOPBACK")

    @field_validator("allow_loopback")
    @classmethod
    def _only_in_development(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.context:
            raise ValueError("opens this machine to callers, so production refuses it")
        return value

    def client(self, concurrent: int = 1) -> GuardedClient:
        return GuardedClient(
            concurrent,
            allowed=_LOOPBACK if self.allow_loopback else (),
            ports=_ANY_PORT if self.allow_loopback else (),
        )

    def target(self, url: str) -> Target:
        """Raises UrlNotAllowed. A name is not resolved before the call itself."""
        target = Target.parse(url)
        if target.scheme == "http" and settings.is_production({"ENVIRONMENT": self.environment}):
            raise errors.UrlNotAllowed("Webhooks are sent to https addresses only.")
        self.client().check(target)
        return target
