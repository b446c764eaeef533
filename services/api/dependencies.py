"""The parts the views work with. Only `app.py` builds them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.api.accounts.passwords import Passwords
from services.api.answers import Answers
from services.api.assets.variants import Variants
from services.api.decoder.pool import Decoder
from services.api.documents.renderer import Documents
from services.api.mail.letters import Letters
from services.api.mail.sender import Sender
from services.api.middleware.sliding_windows import Counter
from services.api.middleware.url_fetcher import UrlFetcher
from services.api.mockups.client import MockupService
from services.api.removebg.callers import Callers
from services.api.settings import Settings
from services.api.url_builder import UrlBuilder
from shared import timeouts
from shared.broker import Waker
from shared.bulkhead import Bulkhead
from shared.db.pool import Database
from shared.events import Hub
from shared.health import Health
from shared.images.press_profiles import Profiles
from shared.storage import Storage

if TYPE_CHECKING:  # Stripe's library is loaded only where payments are on
    from services.api.batches.ingestion import Ingestion
    from services.api.payments.client import StripeClient
    from services.api.payments.reconciler import Reconciler


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
    counter: Counter
    callers: Callers
    health: Health
    profiles: Profiles
    urls: UrlBuilder
    passwords: Passwords
    fetcher: UrlFetcher | None  # None if pictures are not fetched from URLs
    catalogue: Answers
    prices: Answers
    mockups: MockupService | None  # None if none are offered
    documents: Documents
    stripe: "StripeClient | None"  # None if nothing can be paid
    letters: Letters
    mail_sender: Sender | None  # None if mails stay in the outbox
    reconciler: "Reconciler"
    ingestion: "Ingestion"
    result_streams: Bulkhead  # of batches

    def stop(self) -> None:
        """End event streams, send no further mail, take in no further picture, and ask Stripe nothing more."""
        self.hub.stop()
        self.ingestion.stop()
        self.reconciler.stop()
        if self.mail_sender:
            self.mail_sender.stop()

    def close(self) -> None:
        """Let the mail, the call and the pictures in work end, and close the pool, whose threads would go on."""
        self.stop()
        self.reconciler.join(timeouts.RECONCILER_JOIN_S)
        self.ingestion.join(timeouts.INGESTION_JOIN_S)
        if self.mail_sender:
            self.mail_sender.join(timeouts.MAIL_JOIN_S)
        self.database.close()
