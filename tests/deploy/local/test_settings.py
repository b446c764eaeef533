"""What one machine is told."""

from pathlib import Path

import pytest

from deploy.local.errors import CommandError
from deploy.local.settings import Settings


def test_nothing_need_be_said() -> None:
    settings = Settings.read({})
    services = {"PORT": 8000, "REMBG_PORT": 7000, "WORKER_PORT": 8001, "MOCKUPS_PORT": 7100}
    assert settings.ports == services | {"STRIPE_DOUBLE_PORT": 12111}
    assert settings.data == Path("data").absolute()


def test_ports_and_folder_can_be_chosen() -> None:
    chosen = {"PORT": 1, "REMBG_PORT": 2, "WORKER_PORT": 65535, "MOCKUPS_PORT": 3, "STRIPE_DOUBLE_PORT": 4}
    settings = Settings.read({**{name: str(port) for name, port in chosen.items()}, "DATA_DIR": "/somewhere"})
    assert settings.ports == chosen
    assert settings.data == Path("/somewhere")


def test_with_a_key_of_stripe_no_double_takes_its_place() -> None:
    assert Settings.read({"STRIPE_SECRET_KEY": ""}).doubles_stripe
    settings = Settings.read({"STRIPE_SECRET_KEY": "sk_test_12345678"})
    assert not settings.doubles_stripe
    assert "STRIPE_DOUBLE_PORT" not in settings.ports


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "8000x", "1e3"])
def test_a_port_that_is_none_is_refused_by_name(port: str) -> None:
    with pytest.raises(CommandError, match=f"WORKER_PORT must be a number from 1 to 65535, and is {port}"):
        Settings.read({"WORKER_PORT": port})


@pytest.mark.parametrize("odd", ["a\nb", "a\rb", "a\tb", "a\x7f", "a\u2028b", "a\udcff"])
def test_a_folder_whose_name_is_no_line_of_text_is_refused_and_named(odd: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="DATA_DIR must not contain line breaks") as refusal:
        Settings.read({"DATA_DIR": str(tmp_path / odd / "data")})
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("odd", ['a "b"', "a 'b'", "$a %b \\c", "\u00fc \u65e5\u672c"])
def test_a_folder_may_have_any_other_name(odd: str, tmp_path: Path) -> None:
    assert Settings.read({"DATA_DIR": str(tmp_path / odd)}).data == tmp_path / odd
