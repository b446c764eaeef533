"""Imprint, privacy and terms as the settings say: a text, an address elsewhere, or nothing."""

from pathlib import Path

import pytest

from services.api.pages.legal import Legal
from shared.settings import Invalid
from tests.services.api.client import body
from tests.services.api.conftest import Start

TEXT = "# Imprint of Ann & Co <Prints>\r\n\r\nStreet 1\r\nAarhus\r\n\r\n## Register\n\nHRB 1\n"


def test_without_settings_there_are_none(start: Start) -> None:
    guest = start().guest()
    for name in ("imprint", "privacy", "terms", "links", "model_fields"):
        response = guest.get(f"/legal/{name}")
        assert response.status_code == 404
        assert body(response)["error"]["code"] == "not_found"
    assert "/legal/" not in guest.get("/").text


def test_a_text_is_a_page_and_the_footer_links_to_it(
    start: Start, bare_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "imprint.txt"
    file.write_bytes(TEXT.encode())
    bare_environment.setenv("LEGAL_IMPRINT", str(file))
    guest = start().guest()
    assert '<a href="/legal/imprint">Imprint</a>' in guest.get("/").text
    page = guest.get("/legal/imprint")
    assert page.status_code == 200
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<h1>Imprint of Ann &amp; Co &lt;Prints&gt;</h1>" in page.text
    assert "<p>Street 1\nAarhus</p>" in page.text
    assert "<h2>Register</h2>" in page.text
    assert guest.get("/legal/imprint", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304


def test_an_address_elsewhere_is_linked_and_redirected_to(start: Start, bare_environment: pytest.MonkeyPatch) -> None:
    bare_environment.setenv("LEGAL_TERMS", "https://acme.example/terms?lang=en")
    guest = start().guest()
    assert '<a href="https://acme.example/terms?lang=en">Terms</a>' in guest.get("/").text
    moved = guest.get("/legal/terms")
    assert (moved.status_code, moved.headers["Location"]) == (302, "https://acme.example/terms?lang=en")


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe", b"x" * 200_001])
def test_a_file_without_a_text_is_refused_at_the_start(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "terms.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Invalid, match="LEGAL_TERMS: names a file"):
        Legal.read({"LEGAL_TERMS": str(file)})


@pytest.mark.parametrize("value", ["javascript://x%0aalert(1)", "ftp://acme.example/terms", "https://"])
def test_only_addresses_of_pages_are_linked(value: str) -> None:
    with pytest.raises(Invalid, match="LEGAL_TERMS: must be an address"):
        Legal.read({"LEGAL_TERMS": value})
