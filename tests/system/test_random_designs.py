"""Random pictures, and random requests for all that is made of them for print: none hangs, crashes or answers 5xx.

The long form draws pictures of up to 24 megapixels for three minutes; its seed is printed.
"""

import json
import math
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.hostile import designs
from tests.hostile.print_requests import Requests
from tests.stack import RunningStack
from tests.system.guest import Guest

_LONG_S, _SHORT_PICTURES = 180, 4
_MOST_PIXELS, _FEW_PIXELS = 24_000_000, 3000
_MOST_MM, _FEW_MM = 5080, 200
_GUESTS, _SHEETS = 3, 0.2  # of the long form: how many ask at once, and how often for the sheet that takes longest
_HANGS_S = 240  # for all that is asked for of one picture
_NOT_DONE = (202,)
_REFUSALS = (400, 422)


class Fuzz:
    """One guest with one picture: everything is asked for at once, and asked for again until it is there."""

    def __init__(self, stack: RunningStack, chance: Random, *, long: bool) -> None:
        self._stack, self._chance, self._long = stack, chance, long
        guest = Guest(stack.address)
        garments = [one["garment"] for one in guest.get("/api/garments").json()["items"]]
        self._requests = Requests(guest.get("/openapi.json").json(), garments, chance, _MOST_MM if long else _FEW_MM)
        self.answers: Counter[str] = Counter()
        self.slowest = (0.0, "")

    def picture(self) -> None:
        name, data = designs.draw(self._chance, _MOST_PIXELS if self._long else _FEW_PIXELS)
        guest = Guest(self._stack.address)
        sent = guest.session.post(f"{guest.address}/api/uploads", files={"file": ("design.png", data)}, timeout=60)
        assert sent.status_code == 201, (name, sent.text)
        asset_id = sent.json()["id"]
        self._await(guest, name, list(self._requests.of(asset_id)))
        if not self._long or self._chance.random() < _SHEETS:
            self._sheet(guest, name, asset_id)

    def _sheet(self, guest: Guest, name: str, asset_id: str) -> None:
        order = self._requests.sheet([asset_id], tight=self._long)
        sheet = guest.session.post(f"{guest.address}/api/gang-sheets", json=order, timeout=60)
        assert sheet.status_code == 202, (name, order, sheet.text)
        address = f"/api/gang-sheets/{sheet.json()['id']}/sheets/1"
        self._await(guest, name, [f"{address}?format={kind}" for kind in ("png", "pdf")])

    def _await(self, guest: Guest, name: str, paths: list[str]) -> None:
        """Ask for all until each is answered."""
        began = time.monotonic()
        while paths := [path for path in paths if not self._is_answered(guest, name, path, began)]:
            assert time.monotonic() < began + _HANGS_S, (name, paths)
            time.sleep(0.05)

    def _is_answered(self, guest: Guest, name: str, path: str, began: float) -> bool:
        answer = guest.session.get(f"{guest.address}{path}", timeout=60)
        if answer.status_code in _NOT_DONE:
            return False
        route = "mock-up" if path.startswith("/mockups/") else path.partition("?")[0].rpartition("/")[2]
        kind = answer.headers["Content-Type"].partition(";")[0]
        body = _finite(answer.content) if kind == "application/json" else {}
        code = body.get("error", {}).get("code", "") if isinstance(body, dict) else ""
        assert answer.status_code == 200 or (answer.status_code in _REFUSALS and code != "poison"), (
            *(name, path, answer.status_code),
            answer.text[:500],
        )
        self.answers[f"{route} {answer.status_code} {code}".strip()] += 1
        self.slowest = max(self.slowest, (time.monotonic() - began, f"{path} of {name}"))
        for url in _addresses(body):
            assert guest.get(f"{urlsplit(url).path}").status_code == 200, (name, path, url)
        return True


def _finite(data: bytes) -> Any:
    """The JSON, whose numbers are all finite: `NaN` and `Infinity`, which is no JSON, are an error."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} in {data[:500]!r}")

    body = json.loads(data, parse_constant=refuse)
    assert all(math.isfinite(value) for value in _leaves(body) if isinstance(value, float)), data[:500]
    return body


def _leaves(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield value
    else:
        for one in inner:
            yield from _leaves(one)


def _addresses(body: Any) -> list[str]:
    """The files that a response leads to; mock-ups are asked for anyway."""
    return [value for value in _leaves(body) if isinstance(value, str) and "/assets/" in value and "://" in value]


@pytest.fixture
def printing(request: pytest.FixtureRequest, open_folder: Path, long: bool) -> Iterator[RunningStack]:
    """The shared system; for large pictures one of its own, with leases as deployed."""
    if not long:
        yield request.getfixturevalue("stack")
        return
    running = RunningStack(open_folder / "printing")
    running.start()
    yield running
    running.stop()


def _pictures(fuzz: Fuzz, *, long: bool) -> int:
    """Fuzz until the time is over; returns the number of pictures."""
    pictures, until = 0, time.monotonic() + _LONG_S
    while time.monotonic() < until if long else pictures < _SHORT_PICTURES:
        fuzz.picture()
        pictures += 1
    return pictures


def _troubled(stack: RunningStack) -> list[Any]:
    """The jobs that were run more than once, or failed for no fault of the picture."""
    with psycopg.connect(stack.database_url) as connection:
        return connection.execute(
            """select type, input, attempts, error_code, error_message from jobs
            where type <> 'cutout' and (attempts > 1 or error_code in ('poison', 'provider_failed'))"""
        ).fetchall()


def test_no_picture_finds_a_fault(printing: RunningStack, long: bool, capsys: pytest.CaptureFixture[str]) -> None:
    seed = random.SystemRandom().getrandbits(32) if long else 7
    with capsys.disabled():
        print(f"\nseed {seed}")
    guests = [Fuzz(printing, Random(seed + number), long=long) for number in range(_GUESTS if long else 1)]
    with ThreadPoolExecutor(len(guests)) as threads:
        pictures = sum(threads.map(partial(_pictures, long=long), guests))
    assert _troubled(printing) == []
    took_s, slowest = max(guest.slowest for guest in guests)
    answers = sum((guest.answers for guest in guests), Counter[str]())
    with capsys.disabled():
        print(f"{pictures} pictures; slowest {took_s:.1f} s: {slowest}")
        print(", ".join(f"{name}: {count}" for name, count in sorted(answers.items())))
