"""The running system: each test may break it and finds it repaired."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from deploy.local import story
from services.api import keys
from shared.db import api_keys
from shared.db.pool import Database
from shared.models.owner import Scope
from tests.stack import RunningStack
from tests.system.guest import Guest
from tests.system.visitor import Visit, visits

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture
def admin_key(stack: RunningStack) -> str:
    """A new key that may do everything."""
    secret, database = keys.make(), Database(stack.database_url, pool_max=2)
    database.open()
    with database.transaction() as connection:
        api_keys.add(connection, f"tests {secret[-8:]}", Scope.ADMIN, keys.digest(secret))
    database.close()
    return secret


def tell_the_story(stack: RunningStack) -> list[str]:
    """The lines of `make story`."""
    said: list[str] = []
    story.tell(said.append, stack.address, stack.settings, stack.environment, stack.data)
    return said


@pytest.fixture(scope="session")
def told(stack: RunningStack) -> list[str]:
    """What `make story` says in the running system: an order from a guest's photo to the books."""
    return tell_the_story(stack)


@pytest.fixture
def system(stack: RunningStack) -> Iterator[RunningStack]:
    """Restore the system after the test."""
    yield stack
    stack.mend()


@pytest.fixture
def guest(system: RunningStack) -> Guest:
    return Guest(system.address)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    reason = "playwright drives the browser and is not installed"
    sync_api = pytest.importorskip("playwright.sync_api", reason=reason)
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])  # root has no sandbox
        yield running
        running.close()


@pytest.fixture
def visit(browser: "Browser", stack: RunningStack) -> Iterator[Visit]:
    yield from visits(browser, stack)


@pytest.fixture
def night_visit(browser: "Browser", stack: RunningStack) -> Iterator[Visit]:
    yield from visits(browser, stack, color_scheme="dark", reduced_motion="reduce")
