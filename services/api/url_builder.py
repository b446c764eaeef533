"""URLs in responses: root-relative, or absolute with PUBLIC_URL; never built from a request's Host header."""

import re
from dataclasses import dataclass, field
from uuid import UUID

from flask import Response

from services.api.assets import url_signing

_ASSET = re.compile(r'"[^"]*/assets/([0-9a-f]{64}\.[a-z]+)[^"]*"')  # a string of JSON
_MOCKUP = re.compile(r'"[^"]*/mockups/([a-z-]+)/([0-9a-f]{6})/([0-9a-f-]{36})/[^"]+\.webp')  # its beginning


@dataclass(frozen=True, slots=True)
class UrlBuilder:
    secret: str = field(repr=False)
    public_url: str = ""

    def asset(self, key: str) -> str:
        """A picture's address, signed afresh."""
        return f"{self.public_url}/assets/{key}/{url_signing.asset(self.secret, key)}"

    def renew(self, response: Response) -> Response:
        """Sign the addresses in a recorded response afresh, as they may have expired since."""
        if "Idempotent-Replayed" in response.headers:
            body = _ASSET.sub(lambda found: f'"{self.asset(found[1])}"', response.get_data(as_text=True))
            response.set_data(
                _MOCKUP.sub(lambda found: f'"{self.signed_mockup(found[1], found[2], UUID(found[3]))}', body)
            )
        return response

    def upload(self, upload_id: UUID, signature: str) -> str:
        return f"{self.public_url}/api/uploads/{upload_id}?signature={signature}"

    def private(self, asset_id: UUID, query: str) -> str:
        return f"{self.public_url}/private/{asset_id}?{query}"

    def mockup(self, garment: str, color: str, asset_id: UUID, grant: str) -> str:
        return f"{self.public_url}/mockups/{garment}/{color}/{asset_id}/{grant}.webp"

    def signed_mockup(self, garment: str, color: str, asset_id: UUID) -> str:
        """A mock-up's address, signed afresh."""
        return self.mockup(garment, color, asset_id, url_signing.mockups(self.secret, asset_id)[0])

    def job(self, job_id: UUID) -> str:
        return f"{self.public_url}/api/jobs/{job_id}"

    def batch(self, batch_id: UUID) -> str:
        return f"{self.public_url}/api/batches/{batch_id}"
