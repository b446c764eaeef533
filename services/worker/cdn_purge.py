"""The CDN's purge hook: tells a CDN to forget deleted pictures.

    POST CDN_PURGE_URL    Authorization: Bearer CDN_PURGE_TOKEN    {"prefixes": ["shop.example/assets/<key>", ...]}

That is Cloudflare's own request; for another CDN a few lines in between translate it. A prefix stands for all addresses
of a picture, signed at any time and in any size. Any 2xx is success; after anything else the same pictures are sent
again, for a week from their deletion. Sending one twice does no harm, so any number of workers may run this.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from services.worker.providers import Broken, Unavailable, http_exchange
from shared import errors, log, metrics
from shared.db import cdn_purges
from shared.db.pool import Database

AT_ONCE = 30  # the most prefixes that Cloudflare takes in one request

_log = log.get("cdn_purge")


class CdnPurge:
    """Purges what was deleted, a bounded number of pictures a turn. `post` sends a request to the hook."""

    def __init__(
        self, database: Database, post: Callable[..., http_exchange.Reply], token: str | None, public_url: str
    ) -> None:
        self._database = database
        self._post = post
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._prefix = f"{urlsplit(public_url).netloc}/assets/"

    def run(self) -> int:
        """Returns how many pictures were purged. Raises errors.Unavailable if the hook fails."""
        with self._database.transaction() as connection:
            due = cdn_purges.due(connection, AT_ONCE)
        if not due:
            return 0
        self._call(sorted({f"{self._prefix}{key}" for key in due.values()}))
        with self._database.transaction() as connection:
            cdn_purges.record(connection, due)
        _log.info("cdn_purged", pictures=len(due))
        return len(due)

    def _call(self, prefixes: list[str]) -> None:
        try:
            reply = self._post(json={"prefixes": prefixes}, headers=self._headers)
            failure = "" if 200 <= reply.status < 300 else f"status {reply.status}"
        except (Unavailable, Broken) as error:
            failure = str(error)
        metrics.CDN_PURGES.labels("failed" if failure else "ok").inc()
        if failure:
            raise errors.Unavailable(f"The CDN was not purged: {failure}.")
