"""The api's settings: defaults, parsing and error messages."""

import pytest

from services.api.rate import Rate
from services.api.settings import Settings
from shared import settings
from shared.image_format.structure import Format


def test_defaults_are_those_of_the_contract(bare_environment: pytest.MonkeyPatch) -> None:
    for caller in ("", "PREMIUM_", "ADMIN_"):
        bare_environment.delenv(f"RATE_LIMIT_{caller}API")
        bare_environment.delenv(f"RATE_LIMIT_{caller}UPLOADS")
    web = Settings.read().web
    assert (web.rate_api, web.rate_uploads) == (Rate(100, 900), Rate(10, 3600))
    assert (web.rate_premium_api, web.rate_premium_uploads) == (Rate(600, 60), Rate(120, 60))
    assert (web.rate_admin_api, web.rate_admin_uploads) == (Rate(3000, 60), Rate(600, 60))
    assert (web.public_url, web.trusted_hops) == ("", 0)
    assert web.formats == frozenset(Format)


def test_formats_are_read_as_people_write_them(bare_environment: pytest.MonkeyPatch) -> None:
    bare_environment.setenv("INPUT_FORMATS", "JPEG, png,heic,")
    assert Settings.read().web.formats == {Format.JPEG, Format.PNG, Format.HEIC}


def test_rate_limits_are_parsed(bare_environment: pytest.MonkeyPatch) -> None:
    for text, rate in (("5/s", Rate(5, 1)), ("7/2d", Rate(7, 172_800)), ("0", None), ("9/30m", Rate(9, 1800))):
        bare_environment.setenv("RATE_LIMIT_API", text)
        assert Settings.read().web.rate_api == rate


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_LIMIT_API", "many"),
        ("RATE_LIMIT_UPLOADS", "10 per hour"),
        ("RATE_LIMIT_UPLOADS", "0/h"),
        ("RATE_LIMIT_UPLOADS", "10/0h"),
        ("RATE_LIMIT_PREMIUM_API", "many"),
        ("RATE_LIMIT_ADMIN_UPLOADS", "many"),
        ("PUBLIC_URL", "shop.example"),
        ("PUBLIC_URL", "https://shop.example/path"),
        ("TRUSTED_HOPS", "-1"),
        ("INPUT_FORMATS", "jpeg,pdf"),
        ("INPUT_FORMATS", " , "),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", ""),
        ("DATABASE_URL", ""),
        ("REDIS_URL", ""),
        ("DATABASE_POOL_MAX", "1"),
        ("R2_ENDPOINT", "https://r2.example"),
    ],
)
def test_an_error_names_the_invalid_setting(bare_environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    bare_environment.setenv(name, value)
    with pytest.raises(settings.Invalid, match=name):
        Settings.read()


def test_an_error_does_not_show_a_secret(bare_environment: pytest.MonkeyPatch) -> None:
    bare_environment.setenv("SECRET_KEY", "hunter2")
    bare_environment.setenv("R2_ENDPOINT", "https://r2.example")
    with pytest.raises(settings.Invalid) as refusal:
        Settings.read()
    assert "hunter2" not in str(refusal.value)


def test_settings_do_not_show_their_secrets(bare_environment: pytest.MonkeyPatch) -> None:
    shown = repr(Settings.read())
    assert "password" not in shown
    assert "secret of the tests" not in shown
