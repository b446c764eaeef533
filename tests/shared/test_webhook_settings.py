"""Where webhooks may go: public addresses, in production by https only, and this machine for development."""

import pytest

from shared import errors
from shared.settings import Invalid
from shared.webhook_settings import Webhooks

LOCAL = ("http://127.0.0.1:3000/hook", "http://[::1]:3000/hook")


def _read(**environ: str) -> Webhooks:
    return Webhooks.read(environ)


def test_http_is_for_development() -> None:
    assert _read().target("http://shop.example/hooks").scheme == "http"
    with pytest.raises(errors.UrlNotAllowed, match="https"):
        _read(ENVIRONMENT="production").target("http://shop.example/hooks")
    assert _read(ENVIRONMENT="production").target("https://shop.example/hooks").host == "shop.example"


@pytest.mark.parametrize("url", LOCAL)
def test_this_machine_is_called_only_if_a_setting_says_so(url: str) -> None:
    with pytest.raises(errors.UrlNotAllowed):
        _read().target(url)
    assert _read(WEBHOOKS_ALLOW_LOOPBACK="true").target(url).port == 3000


def test_other_private_addresses_stay_closed() -> None:
    for url in ("http://10.0.0.1/", "http://169.254.169.254/", "http://192.168.1.1:8080/"):
        with pytest.raises(errors.UrlNotAllowed):
            _read(WEBHOOKS_ALLOW_LOOPBACK="true").target(url)


def test_production_refuses_the_setting() -> None:
    with pytest.raises(Invalid, match="WEBHOOKS_ALLOW_LOOPBACK"):
        _read(WEBHOOKS_ALLOW_LOOPBACK="true", ENVIRONMENT="production")
