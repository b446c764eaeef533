"""Links in mails, from the request over the mail server to a click in a browser."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import requests

from tests.services import conftest
from tests.services.api.mail.inbox import Inbox, listening, until
from tests.services.api.served import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

bare_environment, environment = conftest.bare_environment, conftest.environment
ANN, BOB, PASSWORD = "ann@mail.example", "bob@mail.example", "correct horse battery"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with listening(Inbox()) as running:
        yield running


@pytest.fixture
def address(environment: pytest.MonkeyPatch, inbox: Inbox, free_port: int) -> Iterator[str]:
    """The api that sends mails to the inbox."""
    public = f"http://localhost:{free_port}"
    environment.setenv("SMTP_URL", f"smtp+plain://127.0.0.1:{inbox.port}")
    environment.setenv("MAIL_FROM", "shop@shop.example")
    environment.setenv("PUBLIC_URL", public)
    server = Served(free_port)
    yield public
    server.stop()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def _link(inbox: Inbox, mails: int) -> str:
    """The link in the newest of so many mails."""
    until(lambda: len(inbox.envelopes) == mails)
    text = inbox.messages[-1].get_body(("plain",))
    assert text is not None
    found = re.search(r"http://\S+#\S+", text.get_content())
    assert found is not None
    return found[0]


def _post(address: str, path: str, **body: str) -> requests.Response:
    return requests.post(f"{address}{path}", json=body, timeout=20)


def test_clicks_confirm_an_address_set_a_new_password_and_sign_a_guest_in(
    address: str, inbox: Inbox, page: "Page"
) -> None:
    assert _post(address, "/api/account", email=ANN, password=PASSWORD).status_code == 202
    link = _link(inbox, 1)
    assert _post(address, "/api/session", email=ANN, password=PASSWORD).status_code == 401  # not by the mail alone
    page.goto(link)
    page.get_by_role("button").click()
    page.get_by_text("Your address is confirmed").wait_for()
    assert page.context.request.get(f"{address}/api/account").json()["email"] == ANN

    page.goto(f"{address}/docs")
    page.goto(link)
    page.get_by_role("button").click()  # the same link
    page.get_by_role("status").get_by_text(re.compile("link|mail", re.IGNORECASE)).wait_for()

    assert _post(address, "/api/account/reset", email=ANN).status_code == 202
    page.goto(_link(inbox, 2))
    page.get_by_label("New password").fill("another horse battery")
    page.get_by_role("button").click()
    page.get_by_text("Your new password is set").wait_for()
    assert _post(address, "/api/session", email=ANN, password=PASSWORD).status_code == 401
    assert _post(address, "/api/session", email=ANN, password="another horse battery").status_code == 200

    until(lambda: len(inbox.envelopes) == 3)  # the third says that the password was changed
    assert _post(address, "/api/session/link", email=BOB).status_code == 202
    page.goto(_link(inbox, 4))
    page.get_by_role("button").click()
    page.get_by_text("You are signed in").wait_for()
    assert page.context.request.get(f"{address}/api/account").json()["email"] == BOB
