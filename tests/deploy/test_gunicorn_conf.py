"""One file for two services: it tells them apart by what is started."""

import runpy
import sys
from pathlib import Path

import pytest

from deploy import gunicorn_worker
from services.api.decoder import pool
from services.api.jobs import events

FILE = Path(__file__).parents[2] / "deploy" / "gunicorn.conf.py"
API, REMBG = "services.api.wsgi:app", "services.rembg.wsgi:app"


@pytest.mark.parametrize(
    ("app", "environment", "address"),
    [
        (API, {}, "0.0.0.0:8000"),
        (API, {"PORT": "80", "REMBG_PORT": "7001"}, "0.0.0.0:80"),
        (REMBG, {}, "0.0.0.0:7000"),
        (REMBG, {"REMBG_PORT": "7001"}, "0.0.0.0:7001"),
        (REMBG, {"PORT": "80", "REMBG_PORT": "7001"}, "0.0.0.0:80"),  # in a container of its own
        (API, {"BIND_HOST": "127.0.0.1"}, "127.0.0.1:8000"),
        (API, {"PORT": "", "BIND_HOST": ""}, "0.0.0.0:8000"),
    ],
)
def test_it_binds_where_it_is_told(
    app: str, environment: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PORT", "REMBG_PORT", "BIND_HOST"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["gunicorn", "-c", str(FILE), app])
    assert runpy.run_path(str(FILE))["bind"] == address


def test_pictures_waiting_to_be_decoded_leave_threads_for_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gunicorn", "-c", str(FILE), API])
    assert runpy.run_path(str(FILE))["threads"] > pool.CHILDREN + pool.WAITING


def test_there_are_more_threads_for_streams_than_streams() -> None:
    assert gunicorn_worker.STREAMS > events.MAX_STREAMS
