"""The page, the reference and the description: strict, and without anything from elsewhere."""

import re
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from services.api.pages.views import STATIC


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
def test_a_page_loads_only_what_is_here_and_its_policy_allows(guest: FlaskClient, path: str) -> None:
    answer = guest.get(path, buffered=True)
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    page = _Page(answer.text)
    assert page.loads
    assert page.inline == []
    for address in page.loads:
        assert re.fullmatch(r"/static/[\w.-]+", address)
        assert guest.get(address, buffered=True).status_code == 200, address
    assert "Set-Cookie" not in answer.headers


def test_pages_may_run_no_script_but_ours_and_talk_to_nobody_else(guest: FlaskClient) -> None:
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


def test_what_was_seen_is_asked_for_again_and_not_sent_again(guest: FlaskClient) -> None:
    first = guest.get("/docs", buffered=True)
    again = guest.get("/docs", headers={"If-None-Match": first.headers["ETag"]}, buffered=True)
    assert again.status_code == 304
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]


def test_static_files_end_at_their_folder(guest: FlaskClient) -> None:
    for name in ("../app.py", "..%2fapp.py", "%2e%2e/app.py", "%00", "", "no-such-file"):
        assert guest.get(f"/static/{name}", buffered=True).status_code == 404
