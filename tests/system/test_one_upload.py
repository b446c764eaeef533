"""One picture through every real part: api, Postgres, Redis, worker, rembg, storage, events and back."""

import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import psycopg
import pytest
import redis
import requests
from PIL import Image, ImageFilter
from psycopg.rows import dict_row

from deploy.local.api_client import SAMPLE
from shared.models.job import Queue
from tests.stack import RunningStack
from tests.system.guest import Guest

REQUEST = "followed-through-every-hop"
SERVICES = ("api", "worker", "rembg")


@pytest.fixture(scope="module")
def walk(stack: RunningStack) -> "Walk":
    return Walk(stack)


class Walk:
    """A finished upload as each side sees it."""

    def __init__(self, stack: RunningStack) -> None:
        guest = Guest(stack.address)
        self.stack = stack
        self.guest = guest
        self.answer = guest.send(request_id=REQUEST)
        self.id = str(self.answer.json()["id"])
        self.events = guest.events(self.id)
        self.job = guest.settled(self.id)
        with psycopg.connect(stack.database_url, row_factory=dict_row) as connection:
            self.job_row = connection.execute("select * from jobs where id = %s", [self.id]).fetchone() or {}
            owned = "select * from assets where owner_id = %s order by created_at"
            self.assets = {row["kind"]: row for row in connection.execute(owned, [self.job_row["user_id"]])}

    def picture(self, name: str) -> Image.Image:
        return Image.open(io.BytesIO(self.guest.get(self.job["result"][name]).content))

    def said(self, service: str) -> list[str]:
        return [line for line in self.stack.log.read_text().splitlines() if f" {service} " in line]


def test_the_response_names_the_job_and_where_to_follow_it(walk: Walk) -> None:
    body = walk.answer.json()
    assert walk.answer.status_code == 202
    assert walk.answer.headers["Location"] == f"/api/jobs/{walk.id}" == body["statusUrl"]
    assert body["eventsUrl"] == f"/api/jobs/{walk.id}/events"
    assert body["status"] == "queued"


def test_the_row_of_the_job_is_done(walk: Walk) -> None:
    row = walk.job_row
    assert (row["status"], row["attempts"], row["provider"], row["progress"]) == ("done", 1, "self_hosted", 100)
    assert row["created_at"] <= row["started_at"] <= row["finished_at"]
    assert row["lease_until"] is None


def test_source_cutout_preview_and_mask_are_rows_and_files_with_the_same_bytes(walk: Walk) -> None:
    assert set(walk.assets) == {"source", "cutout", "preview", "mask", "print"}
    for asset in walk.assets.values():
        data = (walk.stack.data / "objects" / asset["key"][:2] / asset["key"]).read_bytes()
        assert len(data) == asset["bytes"]
        if asset["kind"] != "source":  # its digest is of the received bytes, with metadata
            assert hashlib.sha256(data).hexdigest() == asset["sha256"]
    assert walk.assets["source"]["sha256"] == hashlib.sha256(SAMPLE.read_bytes()).hexdigest()


def test_the_events_lead_from_queued_to_done(walk: Walk) -> None:
    numbers = [number for number, _ in walk.events]
    states = [job["status"] for _, job in walk.events]
    progress = [job["progress"] for _, job in walk.events]
    assert numbers == sorted(set(numbers))
    assert states == sorted(states, key=["queued", "running", "done"].index)
    assert progress == sorted(progress)
    last = walk.events[-1][1]
    assert {**last, "steps": [], "result": None} == {**walk.job, "steps": [], "result": None}


def test_the_job_ends_with_its_print_file_and_the_check_of_it(walk: Walk) -> None:
    assert [(step["type"], step["status"]) for step in walk.job["steps"]] == [
        ("print_edges", "done"),
        ("print_check", "done"),
    ]
    result = walk.job["result"]
    assert result["printEdges"]["gate"] in ("apply", "compare")
    assert result["print"]["assetId"] == result["printAssetId"]
    assert result["print"]["figures"]["dpi"] > 100
    cutout, made = walk.picture("cutoutUrl"), walk.picture("printUrl")
    assert (made.format, made.mode, made.size) == ("PNG", "RGBA", cutout.size)
    soft, hard = (np.mean((alpha > 8) & (alpha < 248)) for alpha in map(_alpha, (cutout, made)))
    assert hard < soft / 2


def _alpha(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.getchannel("A"))


def test_every_step_was_timed(walk: Walk) -> None:
    timings = walk.job["timings"]
    steps = [timings[name] for name in ("queuedMs", "fetchMs", "removeMs", "storeMs")]
    assert all(step >= 0 for step in steps)
    assert sum(steps) <= timings["totalMs"] + 10  # each is rounded


def test_the_wake_up_was_consumed(walk: Walk) -> None:
    with redis.Redis.from_url(walk.stack.redis_url) as client:
        assert client.llen(Queue.CUTOUTS) == 0


def test_the_cutout_is_the_picture_at_full_size_with_the_background_gone(walk: Walk) -> None:
    cutout, source = walk.picture("cutoutUrl"), Image.open(SAMPLE).convert("RGB")
    assert (cutout.format, cutout.mode, cutout.size) == ("PNG", "RGBA", source.size)
    pixels = np.asarray(cutout)
    inside = _far_from_the_edge(cutout)
    assert inside.mean() > 0.2
    assert np.array_equal(pixels[..., :3][inside], np.asarray(source)[inside])  # only the edge's colours are cleaned
    corners, middle = pixels[[0, 0, -1, -1], [0, -1, 0, -1], 3], pixels[source.height // 2, source.width // 2, 3]
    assert corners.max() < 8  # below that, a pixel does not count as visible
    assert middle > 247


def _far_from_the_edge(cutout: Image.Image) -> np.ndarray:
    """Where a pixel and some 40 around it are opaque."""
    opaque = cutout.getchannel("A").reduce(10).point([255 * (level == 255) for level in range(256)])
    return np.asarray(opaque.filter(ImageFilter.MinFilter(9)).resize(cutout.size, Image.Resampling.NEAREST)) > 0


def test_the_mask_is_the_cutouts_alpha_and_the_preview_a_small_webp(walk: Walk) -> None:
    cutout, mask, preview = walk.picture("cutoutUrl"), walk.picture("maskUrl"), walk.picture("previewUrl")
    assert (mask.format, mask.mode) == ("PNG", "L")
    assert np.array_equal(np.asarray(mask), np.asarray(cutout.getchannel("A")))
    assert (preview.format, max(preview.size)) == ("WEBP", 1024)
    assert abs(preview.width / preview.height - cutout.width / cutout.height) < 0.01


def test_the_result_describes_the_cutout(walk: Walk) -> None:
    result = walk.job["result"]
    alpha = np.asarray(walk.picture("maskUrl"))
    rows, columns = np.flatnonzero(alpha.max(axis=1) >= 8), np.flatnonzero(alpha.max(axis=0) >= 8)
    assert result["foreground"] == {
        "top": rows[0],
        "left": columns[0],
        "width": columns[-1] - columns[0] + 1,
        "height": rows[-1] - rows[0] + 1,
    }
    ink = alpha[alpha >= 8]
    share = np.mean((ink > 25.5) & (ink < 229.5))
    assert result["uncertain"] == pytest.approx(share, abs=0.001)
    assert (result["model"], result["costUsd"]) == ("compact", 0)
    assert result["bytes"] == walk.assets["cutout"]["bytes"]


def test_each_service_logged_its_part_under_one_name(walk: Walk) -> None:
    named = {service: [line for line in walk.said(service) if f"request_id={REQUEST}" in line] for service in SERVICES}
    for service, event in (("api", "/api/cutouts"), ("worker", "job_done"), ("rembg", "route=/remove")):
        assert any(event in line for line in named[service]), service
    jobs = (walk.id, *(step["id"] for step in walk.job["steps"]))
    assert all(any(job_id in line for line in named["worker"]) for job_id in jobs)
    assert all(any(job_id in line for job_id in jobs) for line in named["worker"])


def test_each_service_counted_its_part(walk: Walk) -> None:
    settings = walk.stack.settings

    def scraped(port: int) -> str:
        return requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text

    assert 'route="/api/cutouts",status="202"' in scraped(settings.api_port)
    assert 'stolentee_jobs_total{error="",state="done"}' in scraped(settings.worker_port)
    assert _stats(settings.rembg_port) != {}


def _stats(port: int) -> Mapping[str, Any]:
    return dict(json.loads(requests.get(f"http://127.0.0.1:{port}/stats", timeout=5).content))
