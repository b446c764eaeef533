"""The studio, the reference and the OpenAPI document: strict policies, and nothing from other hosts."""

import base64
import re
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from services.api.pages.views import STATIC
from tests.services.api.conftest import Start

TEMPLATES = STATIC.parent / "templates"
_LOGO = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
_SHOP = {
    "SHOP_NAME": "Ann & Co <Prints>",
    "SHOP_LOGO": base64.b64encode(_LOGO).decode(),
    "SHOP_COLOR": "#7a1fa2",
    "SHOP_HEADLINE": 'Your "photo", on a shirt',
    "SHOP_INTRO": "{{ 7 * 7 }} $name </title>",
    "SHOP_DONE": "Stolen.",
    "SHOP_FOOTER": "<b> [Privacy & cookies](https://ann.example/?a=1&b=2)",
    "PUBLIC_URL": "https://ann.example",
}


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


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/account/verify", "/account/reset", "/account/sign-in", "/orders/ST-7K2M-9QXA"]
)
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
        ("", "", "deleted 30 days after they were last uploaded", "stored until their owner deletes them"),
        ("0", "1", "stored until their owner deletes them", "deleted 1 day after they were last uploaded"),
    ],
)
def test_the_page_states_when_pictures_are_deleted(
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
    for path in (*STATIC.iterdir(), *TEMPLATES.iterdir()):
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


@pytest.fixture
def shop(start: Start, environment: pytest.MonkeyPatch) -> FlaskClient:
    """A guest of a shop with settings of its own, all of them with characters that need escaping where they may."""
    for name, value in _SHOP.items():
        environment.setenv(name, value)
    return start().guest()


def test_the_page_says_what_the_shop_says_and_all_of_it_is_escaped(shop: FlaskClient) -> None:
    page = shop.get("/").text
    for escaped in (
        "<title>Ann &amp; Co &lt;Prints&gt;</title>",
        ">Ann &amp; Co &lt;Prints&gt;</a>",
        '<meta property="og:site_name" content="Ann &amp; Co &lt;Prints&gt;">',
        '<meta property="og:title" content="Your &#34;photo&#34;, on a shirt">',
        '<meta name="description" content="{{ 7 * 7 }} $name &lt;/title&gt;">',
        '<meta property="og:image" content="https://ann.example/static/logo">',
        ">Your &#34;photo&#34;, on a shirt</h1>",
        "<p>{{ 7 * 7 }} $name &lt;/title&gt;</p>",
        ">Stolen.</h2>",
        '&lt;b&gt; <a href="https://ann.example/?a=1&amp;b=2">Privacy &amp; cookies</a>',
    ):
        assert escaped in page
    assert _Page(page).inline == []


def test_no_page_of_a_shop_has_the_projects_name(shop: FlaskClient) -> None:
    for path in (
        "/",
        "/docs",
        "/openapi.json",
        "/static/app.js",
        "/static/logo",
        "/static/style.css",
        "/static/docs.css",
    ):
        assert not re.search("stolen ?tee|bandit", shop.get(path, buffered=True).text, re.IGNORECASE), path


def test_the_reference_has_the_shops_name_and_leads_back_to_it(shop: FlaskClient) -> None:
    page = shop.get("/docs").text
    assert "<title>API reference - Ann &amp; Co &lt;Prints&gt;</title>" in page
    assert '<a href="/">← Ann &amp; Co &lt;Prints&gt;</a>' in page
    assert shop.get("/openapi.json").json["info"]["title"] == "Ann & Co <Prints>"  # type: ignore[index]


def test_a_logo_that_is_opened_as_a_page_runs_no_script(shop: FlaskClient) -> None:
    response = shop.get("/static/logo")
    assert (response.data, response.content_type) == (_LOGO, "image/svg+xml; charset=utf-8")
    assert {"default-src 'none'", "sandbox"} < set(response.headers["Content-Security-Policy"].split("; "))


def test_without_settings_the_page_has_no_links_or_colours_of_a_shop(guest: FlaskClient) -> None:
    page = guest.get("/").text
    assert ">Done.</h2>" in page
    assert "og:image" not in page  # its address would have to be absolute
    assert re.findall(r'<a [^>]*href="([^"#]+)"', page) == ["/", "/docs", "/docs", "/", "/"]
    assert guest.get("/static/style.css").data == (STATIC / "style.css").read_bytes()


@pytest.mark.parametrize("path", ["/", "/docs", "/static/logo", "/static/style.css", "/static/docs.css"])
def test_a_browser_gets_a_changed_setting_after_the_restart(
    start: Start, environment: pytest.MonkeyPatch, path: str
) -> None:
    before = start().guest().get(path)
    known = {"If-None-Match": before.headers["ETag"]}
    assert before.headers["Cache-Control"] == "no-cache"
    assert start().guest().get(path, headers=known).status_code == 304
    for name, value in _SHOP.items():
        environment.setenv(name, value)
    after = start().guest().get(path, headers=known)
    assert after.status_code == 200
    assert after.data != before.data
