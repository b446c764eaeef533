"""A thousand users: each sends a picture, opens the page and follows the job, ten requests in all.

Each has its own address in 127.0.0.0/8, which the front passes to the api in the header of the trusted hop, so the
default limits count each user separately.
"""

import asyncio
import json

from bench.front import sending
from bench.front.sending import Answer, Front
from tests.deploy.senders import Outcome
from tests.services import pictures

REQUESTS = 10  # of each user
RATE = 100.0  # requests a second, of all users


class Crowd:
    """Users who arrive at a steady rate; each continues after every answer."""

    def __init__(self, port: int, users: int) -> None:
        self._users = users
        self.uploads, self.reads = Front(port, Outcome()), Front(port, Outcome())
        self._pictures = [pictures.jpeg(640, 480, shade) for shade in range(0, 256, 4)]

    @property
    def failed(self) -> int:
        """Everything but success; a 429 as well, because no user exceeds a limit."""
        fine = sum(front.outcome.statuses[status] for front in (self.uploads, self.reads) for status in (200, 202))
        return self._users * REQUESTS - fine

    async def arrive(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            async for number in sending.paced(RATE / REQUESTS, self._users):
                tasks.create_task(self._user(number))

    async def _user(self, number: int) -> None:
        source = f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
        picture = self._pictures[number % len(self._pictures)]
        sent = await self.uploads.ask(sending.post("/api/cutouts", picture), source)
        for path in _walk(sent):
            await asyncio.sleep(1 / REQUESTS)
            await self.reads.ask(sending.get(path, sent.header("x-session-token")), source)


def _walk(sent: Answer) -> list[str]:
    """Nine requests; a refused user opens the same pages."""
    own = json.loads(sent.body) if sent.status == 202 else {"statusUrl": "/api/jobs", "assetId": ""}
    return ["/", "/api/assets", f"/api/assets/{own['assetId']}", "/api/jobs", *[own["statusUrl"]] * 5]
