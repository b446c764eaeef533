"""URLs in responses: root-relative, or absolute with PUBLIC_URL; never built from a request's Host header."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UrlBuilder:
    public_url: str = ""

    def asset(self, key: str) -> str:
        return f"{self.public_url}/assets/{key}"

    def upload(self, upload_id: UUID, signature: str) -> str:
        return f"{self.public_url}/api/uploads/{upload_id}?signature={signature}"

    def private(self, asset_id: UUID, query: str) -> str:
        return f"{self.public_url}/private/{asset_id}?{query}"

    def job(self, job_id: UUID) -> str:
        return f"{self.public_url}/api/jobs/{job_id}"
