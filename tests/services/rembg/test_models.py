"""The bundled network and what is said about it."""

import hashlib

from services.rembg.weights import BUNDLED


def test_the_card_states_the_digest_of_the_bundled_file() -> None:
    card = (BUNDLED.parent / "README.md").read_text()
    assert hashlib.sha256(BUNDLED.read_bytes()).hexdigest() in card


def test_the_encoders_licence_lies_beside_the_file() -> None:
    assert "EfficientNet-Lite0" in (BUNDLED.parent / "NOTICE").read_text()
    assert "Apache License" in (BUNDLED.parent / "LICENSE-APACHE-2.0").read_text()
