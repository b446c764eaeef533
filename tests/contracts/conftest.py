"""Stripe's official client before each server that speaks its API.

Stripe itself is asked only when a person says so: STRIPE_SECRET_KEY=sk_test_... and not in CI.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import stripe

from deploy.local import ports
from deploy.local.service import health
from tests.doubles.stripe_double import SECRET_KEY, StripeDouble

_STARTED_S = 20
_ASK_STRIPE = os.environ.get("STRIPE_SECRET_KEY", "").startswith("sk_test_") and "CI" not in os.environ


def client_of(session: requests.Session, key: str, address: str | None = None) -> stripe.StripeClient:
    """The client without retries of its own, so that a test sees each answer."""
    session.trust_env = False
    base = {"api": address} if address else {}
    http = stripe.RequestsClient(timeout=(2, 10), session=session)
    return stripe.StripeClient(key, max_network_retries=0, base_addresses=base, http_client=http)  # type: ignore[arg-type]


@pytest.fixture(params=["double", "stripe"] if _ASK_STRIPE else ["double"])
def client(request: pytest.FixtureRequest) -> Iterator[stripe.StripeClient]:
    """The client of the double and, when asked for, that of Stripe's test mode."""
    with requests.Session() as session:
        if request.param == "stripe":
            yield client_of(session, os.environ["STRIPE_SECRET_KEY"])
        else:
            double: StripeDouble = request.getfixturevalue("stripe_double")
            yield client_of(session, SECRET_KEY, double.address)


@pytest.fixture
def double_client(stripe_double: StripeDouble) -> Iterator[stripe.StripeClient]:
    """The client of `stripe_double`, for what only a double does on demand."""
    with requests.Session() as session:
        yield client_of(session, SECRET_KEY, stripe_double.address)


@pytest.fixture
def localstripe(tmp_path: Path) -> Iterator[str]:
    """The address of localstripe 1.15.10; LOCALSTRIPE is its program where it is not on PATH."""
    program = _installed("LOCALSTRIPE", "localstripe")
    with _started(tmp_path, lambda port: [program, "--port", str(port), "--from-scratch"]) as address:
        yield address


@pytest.fixture
def stateful_mock(tmp_path: Path) -> Iterator[str]:
    """The address of stripe-stateful-mock 0.0.16; STRIPE_STATEFUL_MOCK is its program where it is not on PATH."""
    program = _installed("STRIPE_STATEFUL_MOCK", "stripe-stateful-mock")
    with _started(tmp_path, lambda _: [program]) as address:
        yield address


def _installed(variable: str, name: str) -> str:
    program = os.environ.get(variable) or shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed; {variable} names its program")
    return program


@contextmanager
def _started(folder: Path, command: Callable[[int], list[str]]) -> Iterator[str]:
    port = ports.free()
    environment: Mapping[str, str] = {**os.environ, "PORT": str(port)}
    with (folder / "stand-in.log").open("w") as log:
        process = subprocess.Popen(command(port), env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _STARTED_S
        while health(port, "/") is None:
            assert process.poll() is None, (folder / "stand-in.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
