"""Settings of the API of remove.bg."""

from pydantic import Field

from services.api.rate import RateLimit
from shared import settings


class RemoveBg(settings.EnvSettings):
    """How long callers wait, and what they may send. The front gives up after 330 s (deploy/nginx.conf)."""

    wait_s: int = Field(240, validation_alias="REMOVEBG_WAIT_S", ge=1, le=300)
    rate: RateLimit = Field("500/m", validation_alias="RATE_LIMIT_MEGAPIXELS")  # type: ignore[assignment]
