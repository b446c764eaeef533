"""URLs in responses: root-relative, or absolute with PUBLIC_URL; never built from a request's Host header."""

from dataclasses import dataclass, field
from uuid import UUID

from services.api.assets import url_signing


@dataclass(frozen=True, slots=True)
class UrlBuilder:
    secret: str = field(repr=False)
    public_url: str = ""

    def asset(self, key: str) -> str:
        """A picture's address, signed afresh."""
        return f"{self.public_url}/assets/{key}/{url_signing.asset(self.secret, key)}"

    def renewed(self, asset_url: str) -> str:
        """The address of the same picture, signed afresh."""
        return self.asset(asset_url.partition("/assets/")[2].partition("/")[0])

    def upload(self, upload_id: UUID, signature: str) -> str:
        return f"{self.public_url}/api/uploads/{upload_id}?signature={signature}"

    def private(self, asset_id: UUID, query: str) -> str:
        return f"{self.public_url}/private/{asset_id}?{query}"

    def job(self, job_id: UUID) -> str:
        return f"{self.public_url}/api/jobs/{job_id}"

    def events(self, job_id: UUID) -> str:
        return f"{self.job(job_id)}/events"
