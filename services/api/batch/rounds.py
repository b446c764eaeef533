"""Pictures in rounds of one batch each: sent several at a time, and fetched as they get done.

What was sent is asked of the server, by digests: after a kill only what it does not have is sent, and a request whose
answer was lost has the same Idempotency-Key, so that it adds nothing. Pictures with equal contents are sent once.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from services.api.batch import folders
from services.api.batch.client import Client, Failed, Refused
from services.api.batch.folders import Picture
from services.api.batch.journal import Journal
from services.api.batch.progress import Progress

MOST = 500  # pictures of a batch
_MAX_BYTES = 20 << 20  # of a picture; the server may end the connection of a larger one before it is sent
POLL_S = 1.0
_PAGE = 100
_ENDED = ("failed", "cancelled")

Contents = dict[str, list[Picture]]  # the pictures with each content, by its digest


@dataclass(slots=True)
class Rounds:
    """`options` are those of every cut-out."""

    client: Client
    journal: Journal
    out: Path
    options: Mapping[str, str]
    at_once: int
    progress: Progress
    failures: dict[str, str] = field(default_factory=dict)

    def run(self, pictures: Sequence[Picture]) -> Mapping[str, str]:
        """Get all of them done; returns why some are not, by name. Raises Failed."""
        left: Contents = {}
        for picture in pictures:
            if not self.journal.is_done(picture.name, picture.sha256):
                left.setdefault(picture.sha256, []).append(picture)
        self.progress.skip(len(pictures) - sum(map(len, left.values())))
        with ThreadPoolExecutor(self.at_once, "send") as senders, ThreadPoolExecutor(self.at_once, "fetch") as fetchers:
            try:
                while left:
                    self._round(left, senders, fetchers)
            except BaseException:
                self.client.stop()
                senders.shutdown(wait=False, cancel_futures=True)
                fetchers.shutdown(wait=False, cancel_futures=True)
                raise
        return self.failures

    def _round(self, left: Contents, senders: ThreadPoolExecutor, fetchers: ThreadPoolExecutor) -> None:
        """Take out of `left` what fits into one batch, and see that through."""
        batch = self._batch(len(left))
        known = {item["sha256"] for item in self._items(batch["id"])}
        room = batch["pictures"] - len(known) if batch["status"] == "open" else 0
        sending = [digest for digest in left if digest not in known][:room]
        waiting = {digest: left.pop(digest) for digest in [*sending, *(known & left.keys())]}
        sent = {digest: senders.submit(self._send, batch["id"], waiting[digest][0]) for digest in sending}
        fetched: set[Future[None]] = set()
        closed, after = False, -1
        while waiting:
            if not closed and all(one.done() for one in sent.values()):
                self.client.call("POST", f"/api/batches/{batch['id']}/close")
                closed = True
            self._refused(sent, waiting)
            after = self._follow(batch["id"], after, waiting, fetched, fetchers)
            self.progress.show()
            time.sleep(POLL_S if waiting else 0)
        for one in fetched:
            one.result()
        if not closed:
            self.client.call("POST", f"/api/batches/{batch['id']}/close")
        self.journal.end(batch["id"])

    def _batch(self, wanted: int) -> dict[str, Any]:
        """The batch that an earlier run left, if it is still there, else a new one."""
        if self.journal.batch:
            try:
                return self.client.call("GET", f"/api/batches/{self.journal.batch}")
            except Refused as refusal:
                if refusal.status != 404:
                    raise Failed(str(refusal)) from None
        try:
            made = self.client.call(
                "POST", "/api/batches", params={**self.options, "pictures": min(MOST, wanted)}, json={"items": []}
            )
        except Refused as refusal:
            raise Failed(str(refusal)) from None
        self.journal.begin(made["id"])
        return made

    def _items(self, batch: str, after: int = -1) -> Iterator[dict[str, Any]]:
        cursor = str(after) if after >= 0 else None
        while True:
            page = self.client.call("GET", f"/api/batches/{batch}", params={"limit": _PAGE, "cursor": cursor})
            yield from page["items"]
            cursor = page["nextCursor"]
            if cursor is None:
                return

    def _send(self, batch: str, picture: Picture) -> None:
        if picture.file.stat().st_size > _MAX_BYTES:
            raise Refused(413, "body_too_large", "The file is larger than 20 MB.")
        key = hashlib.sha256(f"{batch} {picture.sha256}".encode()).hexdigest()
        data = picture.file.read_bytes()
        self.client.call(
            "POST",
            f"/api/batches/{batch}/items",
            files={"file": (picture.name, data)},
            headers={"Idempotency-Key": key},
        )

    def _refused(self, sent: dict[str, Future[None]], waiting: Contents) -> None:
        """Note what the server would not even take."""
        for digest in [digest for digest, one in sent.items() if one.done()]:
            try:
                sent.pop(digest).result()
            except (Refused, OSError) as error:
                self._fail(waiting.pop(digest), str(error))

    def _follow(
        self,
        batch: str,
        after: int,
        waiting: Contents,
        fetched: set[Future[None]],
        fetchers: ThreadPoolExecutor,
    ) -> int:
        """Fetch what is done by now, and note what has failed; returns the position up to which all has ended."""
        for item in self._items(batch, after):
            if item["sha256"] not in waiting:
                ended = True
            elif ended := item["status"] == "done":
                fetched.add(fetchers.submit(self._fetch, item["result"]["url"], waiting.pop(item["sha256"])))
            elif ended := item["status"] in _ENDED:
                error = item["error"] or {"code": item["status"], "message": "It was cancelled."}
                self._fail(waiting.pop(item["sha256"]), f"{error['code']}: {error['message']}")
            if ended and item["position"] == after + 1:
                after += 1
        for one in [one for one in fetched if one.done()]:
            fetched.remove(one)
            one.result()
        return after

    def _fetch(self, url: str, pictures: Sequence[Picture]) -> None:
        try:
            data = self.client.download(url)
        except Refused as refusal:
            self._fail(pictures, str(refusal))
            return
        ending = PurePosixPath(urlsplit(url).path).parent.suffix.removeprefix(".")
        for picture in pictures:
            file = folders.write(self.out, picture, ending, data)
            self.journal.done(picture.name, picture.sha256, file)
            self.progress.add(done=1)

    def _fail(self, pictures: Sequence[Picture], why: str) -> None:
        self.failures.update((picture.name, why) for picture in pictures)
        self.progress.add(failed=len(pictures))
