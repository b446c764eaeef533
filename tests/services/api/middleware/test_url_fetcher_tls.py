"""Fetching over https: connects to the vetted address, and checks the certificate against the name."""

import datetime as dt
import ssl
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.api.middleware.url_fetcher import UrlFetcher
from shared import errors
from tests.services.api.sources import Source, page, serving

NAME = "pictures.example"


def _fetcher(port: int, trusted: Path | None) -> UrlFetcher:
    allowed = [ip_network("127.0.0.1/32")]
    return UrlFetcher(
        lambda *_: ["127.0.0.1"], allowed=allowed, ports=[port], trusted=str(trusted) if trusted else None
    )


def test_tls_is_checked_against_the_name(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path)
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


def _certificate(folder: Path) -> Path:
    """A key and a self-signed certificate for NAME."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / "certificate.pem"
    path.write_bytes(text + made.public_bytes(serialization.Encoding.PEM))
    return path
