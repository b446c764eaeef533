"""Fetching over https: connects to the vetted address, and checks the certificate against the name."""

import ssl
from ipaddress import ip_network
from pathlib import Path

import pytest

from services.api.middleware.url_fetcher import UrlFetcher
from shared import errors
from tests.services.api.certificates import self_signed
from tests.services.api.sources import Source, page, serving

NAME = "pictures.example"


def _fetcher(port: int, trusted: Path | None) -> UrlFetcher:
    allowed = [ip_network("127.0.0.1/32")]
    return UrlFetcher(
        lambda *_: ["127.0.0.1"], allowed=allowed, ports=[port], trusted=str(trusted) if trusted else None
    )


def test_tls_is_checked_against_the_name(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, NAME)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    asked: list[str | None] = []
    tls.set_servername_callback(lambda _, name, __: asked.append(name))
    with serving(Source({"/": page(b"bytes")}, tls=tls)) as source:
        fetcher = _fetcher(source.port, certificate)
        assert fetcher.fetch(f"https://{NAME}:{source.port}/") == b"bytes"
        assert asked == [NAME]
        for wrong, name in ((fetcher, "other.example"), (_fetcher(source.port, None), NAME)):
            with pytest.raises(errors.SourceUnreachable):
                wrong.fetch(f"https://{name}:{source.port}/")
        assert len(source.asked) == 1
