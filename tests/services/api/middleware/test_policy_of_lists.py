"""Policies beside their table: lists, routes without one, and errors."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.api.middleware import policy
from tests.services import pictures
from tests.services.api.client import body, cut_out, upload
from tests.services.api.conftest import Api


def test_lists_hold_only_the_caller_s_rows(api: Api) -> None:
    owner, other = api.guest(), api.guest()
    cut_out(owner)
    upload(other, pictures.png())
    for path in ("/api/assets", "/api/jobs"):
        assert len(body(owner.get(path))["items"]) == 1
        assert body(api.guest().get(path))["items"] == []
    assert body(other.get("/api/jobs"))["items"] == []


def test_an_app_with_a_route_without_a_policy_does_not_start() -> None:
    app = Flask("careless", static_folder=None)
    app.add_url_rule("/secret", "secret", lambda: "")
    with pytest.raises(ValueError, match="routes without a policy: secret"):
        policy.install(app, {})


def test_an_error_is_never_cached(guest: FlaskClient) -> None:
    for path in ("/assets/nothing", "/static/nothing", "/nowhere"):
        response = guest.get(path)
        assert (response.status_code, response.headers["Cache-Control"]) == (404, "no-store")
