"""The reference at `/docs` in a real browser: what it offers to try succeeds, in light and in dark."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.stack import RunningStack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_TIMEOUT_MS = 30_000  # a bound for a busy machine
_BACKGROUND = "(element) => getComputedStyle(element).backgroundColor"


@pytest.fixture
def page(browser: "Browser", stack: RunningStack, request: pytest.FixtureRequest) -> Iterator["Page"]:
    """A new guest's tab with the reference; the parameter is the colour scheme."""
    context = browser.new_context(color_scheme=getattr(request, "param", "light"))
    page = context.new_page()
    page.set_default_timeout(_TIMEOUT_MS)
    page.goto(f"{stack.address}/docs")
    page.wait_for_selector(".opblock")
    yield page
    context.close()


def _tried(page: "Page", operation: str) -> str:
    """Execute an operation as the page fills it in; returns the status."""
    block = page.locator(f"#operations-{operation}")
    block.locator(".opblock-summary-control").click()
    block.locator(".try-out__btn").click()
    block.locator(".execute").click()
    status: str = block.locator(".live-responses-table .response-col_status").nth(1).inner_text()
    block.locator(".opblock-summary-control").click()
    return status.split()[0]


def test_what_the_reference_fills_in_succeeds(page: "Page") -> None:
    for operation, status in (
        ("pictures-cutouts_create", "202"),
        ("jobs-jobs_follow", "200"),
        ("jobs-jobs_show", "200"),
        ("pictures-assets_download", "200"),
        ("pictures-assets_upload", "200"),  # the picture is stored already
        ("jobs-jobs_create", "202"),
        ("pictures-assets_delete", "204"),
    ):
        assert _tried(page, operation) == status, operation


def test_the_error_codes_unfold(page: "Page") -> None:
    page.click("text=All error codes")
    assert page.is_visible("td >> text=unreadable_image")


@pytest.mark.parametrize(
    ("page", "colour"), [("light", "rgba(0, 0, 0, 0)"), ("dark", "rgb(28, 32, 34)")], indirect=["page"]
)
def test_the_reference_follows_the_colour_scheme(page: "Page", colour: str) -> None:
    assert page.eval_on_selector("html", _BACKGROUND) == colour


def test_the_reference_leads_back_to_the_page(page: "Page", stack: RunningStack) -> None:
    page.click("nav a")
    page.wait_for_selector("#start:not([hidden])")
    assert page.url == f"{stack.address}/"
