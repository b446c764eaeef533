"""One file for three services: what it sets for each."""

import runpy
import sys
from pathlib import Path

import pytest

from deploy import gunicorn_worker
from services.api.decoder import pool
from services.api.jobs import events
from services.worker.mockups import files
from shared.settings import Invalid

FILE = Path(__file__).parents[2] / "deploy" / "gunicorn.conf.py"
API, REMBG, MOCKUPS = "services.api.wsgi:app", "services.rembg.wsgi:app", "services.worker.mockups.wsgi:app"


@pytest.mark.parametrize(
    ("app", "environment", "address"),
    [
        (API, {}, "0.0.0.0:8000"),
        (API, {"PORT": "80", "REMBG_PORT": "7001"}, "0.0.0.0:80"),
        (REMBG, {}, "0.0.0.0:7000"),
        (REMBG, {"REMBG_PORT": "7001"}, "0.0.0.0:7001"),
        (REMBG, {"PORT": "80", "REMBG_PORT": "7001"}, "0.0.0.0:80"),  # in a container of its own
        (MOCKUPS, {"REMBG_PORT": "7001"}, "0.0.0.0:7100"),
        (MOCKUPS, {"MOCKUPS_PORT": "7001"}, "0.0.0.0:7001"),
        (API, {"BIND_HOST": "127.0.0.1"}, "127.0.0.1:8000"),
        (API, {"PORT": "", "BIND_HOST": ""}, "0.0.0.0:8000"),
        (API, {"BIND_HOST": "[::]"}, "[::]:8000"),
        (REMBG, {"BIND_HOST": "::1"}, "[::1]:7000"),
    ],
)
def test_it_binds_to_the_configured_address(
    app: str, environment: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PORT", "REMBG_PORT", "MOCKUPS_PORT", "BIND_HOST"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["gunicorn", "-c", str(FILE), app])
    assert runpy.run_path(str(FILE))["bind"] == address


@pytest.mark.parametrize(
    ("name", "value"),
    [*(("PORT", odd) for odd in ("inf", "-1", "65536", "eighty")), ("REMBG_PORT", "nan"), ("BIND_HOST", "http://h")],
)
def test_what_cannot_be_bound_is_refused_by_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["gunicorn", "-c", str(FILE), API])
    with pytest.raises(Invalid, match=f"{name}: "):
        runpy.run_path(str(FILE))


def test_pictures_waiting_for_a_decoder_leave_threads_for_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gunicorn", "-c", str(FILE), API])
    assert runpy.run_path(str(FILE))["threads"] > pool.CHILDREN + pool.WAITING


def test_mock_ups_that_are_drawn_or_wait_leave_threads_that_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gunicorn", "-c", str(FILE), MOCKUPS])
    read = runpy.run_path(str(FILE))
    assert read["threads"] > files.SLOTS + files.WAITING
    assert read["worker_class"] == "deploy.gunicorn_worker.MockupsWorker"


def test_there_are_more_stream_threads_than_streams() -> None:
    assert gunicorn_worker.STREAMS > events.MAX_STREAMS
