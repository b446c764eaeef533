"""The parts the views work with. Only `app.py` builds them."""

from dataclasses import dataclass

from services.api.accounts.passwords import Passwords
from services.api.assets.variants import Variants
from services.api.decoder.pool import Decoder
from services.api.middleware.url_fetcher import UrlFetcher
from services.api.mockups.client import MockupService
from services.api.settings import Settings
from services.api.url_builder import UrlBuilder
from shared.broker import Waker
from shared.db.pool import Database
from shared.events import Hub
from shared.health import Health
from shared.images.press_profiles import Profiles
from shared.storage import Storage


@dataclass(frozen=True, slots=True)
class Dependencies:
    settings: Settings
    secret: str
    database: Database
    storage: Storage
    decoder: Decoder
    variants: Variants
    waker: Waker
    hub: Hub
    health: Health
    profiles: Profiles
    urls: UrlBuilder
    passwords: Passwords
    fetcher: UrlFetcher | None  # None if pictures are not fetched from URLs
    mockups: MockupService | None  # None if none are offered
