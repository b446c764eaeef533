"""The studio, the reference and the OpenAPI document: strict policies, and nothing from other hosts."""

import re
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from services.api.pages.views import STATIC
from tests.services.api.conftest import Start


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loads += [given[name] or "" for name in ("src", "href", "poster") if name in given and tag != "a"]
        self.inline += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        self.inline += [tag] if tag == "style" or (tag == "script" and "src" not in given) else []


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_loads_only_local_files_that_its_policy_allows(guest: FlaskClient, path: str) -> None:
    response = guest.get(path, buffered=True)
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    page = _Page(response.text)
    assert page.loads
    assert page.inline == []
    for address in page.loads:
        assert re.fullmatch(r"/static/[\w.-]+", address)
        assert guest.get(address, buffered=True).status_code == 200, address
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("guest_days", "customer_days", "guests", "customers"),
    [
        ("", "", "deleted 30 days after they were last sent", "kept until their owner deletes them"),
        ("0", "1", "kept until their owner deletes them", "deleted 1 day after they were last sent"),
    ],
)
def test_the_page_states_how_long_pictures_are_kept(
    start: Start, environment: pytest.MonkeyPatch, guest_days: str, customer_days: str, guests: str, customers: str
) -> None:
    environment.setenv("GUEST_RETENTION_DAYS", guest_days)
    environment.setenv("CUSTOMER_RETENTION_DAYS", customer_days)
    said = f"Pictures are {guests}; pictures sent with an API key are {customers}."
    assert said in start().guest().get("/").text


def test_pages_may_run_only_local_scripts_and_connect_only_to_the_api(guest: FlaskClient) -> None:
    for path, style in (("/", "style-src 'self'"), ("/docs", "style-src 'self' 'unsafe-inline'")):
        rules = guest.get(path, buffered=True).headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"} < set(rules)
        assert style in rules
        assert not re.search(r"https?:|\*", "".join(rules))


def test_scripts_and_styles_name_no_other_host() -> None:
    loading = re.compile(r"""(?:src|href)=["']https?:|(?:url|fetch|import)\(["']?https?:""")
    for path in STATIC.iterdir():
        if path.suffix in {".html", ".css", ".js"}:
            assert loading.findall(path.read_text()) == [], path.name


def test_static_files_are_revalidated_and_not_sent_again(guest: FlaskClient) -> None:
    first = guest.get("/docs", buffered=True)
    again = guest.get("/docs", headers={"If-None-Match": first.headers["ETag"]}, buffered=True)
    assert again.status_code == 304
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]


def test_static_files_outside_their_folder_are_not_found(guest: FlaskClient) -> None:
    for name in ("../app.py", "..%2fapp.py", "%2e%2e/app.py", "%00", "", "no-such-file"):
        assert guest.get(f"/static/{name}", buffered=True).status_code == 404
