"""What the api is made of. Views receive it; only `app.py` builds it."""

from dataclasses import dataclass

from services.api.decoder.pool import Decoder
from services.api.fetch import Fetcher
from services.api.links import Links
from services.api.settings import Settings
from services.api.variants import Variants
from shared.broker import Doorbell
from shared.db.pool import Database
from shared.events import Hub
from shared.health import Health
from shared.storage import Storage


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    database: Database
    storage: Storage
    decoder: Decoder
    variants: Variants
    doorbell: Doorbell
    hub: Hub
    health: Health
    links: Links
    fetcher: Fetcher | None  # None: pictures by address are switched off

    @property
    def secret(self) -> str:
        return self.settings.keys.secret.get_secret_value()
