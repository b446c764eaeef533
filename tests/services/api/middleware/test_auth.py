"""Guests: how they get and send their token, and what is refused without one."""

from hashlib import sha256
from http.cookies import SimpleCookie

import pytest
from flask.testing import FlaskClient

from services.api.middleware import auth
from shared import errors
from shared.models.owner import Owner, OwnerType
from tests.services import pictures
from tests.services.api.client import bearer, cut_out, refused, send, upload
from tests.services.api.conftest import Api, Start


def test_a_first_write_creates_a_guest_and_returns_the_token(guest: FlaskClient) -> None:
    response = send(guest, "/api/uploads", pictures.jpeg())
    cookie = SimpleCookie(response.headers["Set-Cookie"])["session"]
    assert cookie.value == response.headers["X-Session-Token"]
    assert len(cookie.value) == 43
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["domain"], cookie["secure"]) == ("Lax", "/", "", "")
    assert cookie["max-age"] == str(30 * 86_400)


@pytest.mark.parametrize(("retention", "days"), [("7", 7), ("0", 400)])
def test_the_cookie_lasts_as_long_as_guests_files(
    start: Start, environment: pytest.MonkeyPatch, retention: str, days: int
) -> None:
    environment.setenv("GUEST_RETENTION_DAYS", retention)
    response = send(start().guest(), "/api/uploads", pictures.jpeg())
    assert SimpleCookie(response.headers["Set-Cookie"])["session"]["max-age"] == str(days * 86_400)


def test_the_cookie_is_secure_on_https(guest: FlaskClient) -> None:
    response = send(guest, "/api/uploads", pictures.jpeg(), base_url="https://localhost")
    assert SimpleCookie(response.headers["Set-Cookie"])["session"]["secure"]


@pytest.mark.parametrize(("url", "secure"), [("https://shop.example", True), ("http://shop.example", False)])
def test_the_cookie_is_secure_where_the_public_url_is_https(
    start: Start, environment: pytest.MonkeyPatch, url: str, secure: bool
) -> None:
    """Also behind a proxy that does not say how it was reached."""
    environment.setenv("PUBLIC_URL", url)
    response = send(start().guest(), "/api/uploads", pictures.jpeg())
    assert bool(SimpleCookie(response.headers["Set-Cookie"])["session"]["secure"]) is secure


def test_a_later_write_keeps_the_guest(guest: FlaskClient) -> None:
    first = send(guest, "/api/uploads", pictures.jpeg())
    second = send(guest, "/api/uploads", pictures.png())
    assert second.headers["X-Session-Token"] == first.headers["X-Session-Token"]


def test_reading_creates_no_guest(guest: FlaskClient) -> None:
    for path in ("/api/jobs", "/api/assets"):
        response = guest.get(path)
        assert response.json == {"items": [], "nextCursor": None}
        assert "Set-Cookie" not in response.headers
        assert "X-Session-Token" not in response.headers


def test_a_token_works_as_bearer_without_cookies(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    stranger = api.app.test_client(use_cookies=False)
    refused(stranger.get(accepted["statusUrl"]), 404, "not_found")
    assert stranger.get(accepted["statusUrl"], headers=bearer(guest)).json == guest.get(accepted["statusUrl"]).json
    assert upload(stranger, headers=bearer(guest))["id"] == accepted["assetId"]


def test_a_bearer_token_takes_precedence_over_a_cookie(api: Api) -> None:
    one, other = api.guest(), api.guest()
    asset = upload(one)
    upload(other, pictures.png())
    assert other.get(f"/api/assets/{asset['id']}", headers=bearer(one)).status_code == 200


def test_a_malformed_authorization_is_refused(guest: FlaskClient) -> None:
    for value in ("", "Bearer", "Bearer short", "Bearer sk_" + "x" * 43, "Basic YTpi", "x" * 43):
        wrong = {"Authorization": value}
        refused(guest.get("/api/jobs", headers=wrong), 401, "unauthorized")
        refused(guest.get("/api/assets", headers=wrong), 401, "unauthorized")
        refused(send(guest, "/api/uploads", pictures.jpeg(), headers=wrong), 401, "unauthorized")


def test_a_malformed_cookie_is_ignored(guest: FlaskClient) -> None:
    guest.set_cookie("session", "somebody else's cookie")
    assert guest.get("/api/jobs").json == {"items": [], "nextCursor": None}
    assert len(send(guest, "/api/uploads", pictures.jpeg()).headers["X-Session-Token"]) == 43


_PLANTED = "a" * 43  # the form of a token, by a stranger


def test_a_cookie_that_was_not_issued_here_is_not_adopted(guest: FlaskClient) -> None:
    guest.set_cookie("session", _PLANTED)
    assert guest.get("/api/jobs").json == {"items": [], "nextCursor": None}
    response = send(guest, "/api/uploads", pictures.jpeg())
    assert response.headers["X-Session-Token"] != _PLANTED
    assert SimpleCookie(response.headers["Set-Cookie"])["session"].value == response.headers["X-Session-Token"]
    assert len(guest.get("/api/assets").json["items"]) == 1  # type: ignore[index]


def test_a_bearer_token_that_was_not_issued_here_is_refused(guest: FlaskClient) -> None:
    planted = {"Authorization": f"Bearer {_PLANTED}"}
    refused(guest.get("/api/jobs", headers=planted), 401, "unauthorized")
    refused(send(guest, "/api/uploads", pictures.jpeg(), headers=planted), 401, "unauthorized")


def test_a_token_of_an_earlier_release_keeps_its_files(api: Api) -> None:
    """Such tokens were plain random characters; their guests are known by what they stored."""
    upload(api.guest())
    old = Owner(OwnerType.GUEST, sha256(_PLANTED.encode()).hexdigest())
    with api.deps.database.transaction() as connection:
        connection.execute("update assets set owner_id = %s", [old.id])
    guest = api.guest()
    guest.set_cookie("session", _PLANTED)
    assert len(guest.get("/api/assets").json["items"]) == 1  # type: ignore[index]
    assert send(guest, "/api/uploads", pictures.png()).headers["X-Session-Token"] == _PLANTED
    bearer = {"Authorization": f"Bearer {_PLANTED}"}
    assert len(api.guest().get("/api/assets", headers=bearer).json["items"]) == 2  # type: ignore[index]


def test_a_guest_keeps_files_and_jobs_when_the_secret_changes(start: Start, environment: pytest.MonkeyPatch) -> None:
    guest = start().guest()
    accepted = cut_out(guest)
    environment.setenv("SECRET_KEY", "another secret, and long enough too")
    changed = start().app.test_client(use_cookies=False)
    assert changed.get(accepted["statusUrl"], headers=bearer(guest)).status_code == 200
    assert changed.get(f"/api/assets/{accepted['assetId']}", headers=bearer(guest)).status_code == 200


def test_public_pages_need_no_token(guest: FlaskClient) -> None:
    assert guest.get("/openapi.json", headers={"Authorization": "Basic YTpi"}).status_code == 200


def test_the_database_holds_no_token(api: Api) -> None:
    guest = api.guest()
    cut_out(guest)
    token = bearer(guest)["Authorization"].removeprefix("Bearer ")
    with api.deps.database.transaction() as connection:
        rows = (
            connection.execute("select * from assets").fetchall() + connection.execute("select * from jobs").fetchall()
        )
    assert len(rows) == 2
    assert token not in str(rows)


def test_a_spoofed_https_header_makes_no_secure_cookie_without_trusted_hops(
    start: Start, environment: pytest.MonkeyPatch
) -> None:
    https = {"X-Forwarded-Proto": "https"}
    plain = send(start().guest(), "/api/uploads", pictures.jpeg(), headers=https)
    environment.setenv("TRUSTED_HOPS", "1")
    trusted = send(start().guest(), "/api/uploads", pictures.jpeg(), headers=https)
    assert "Secure" not in plain.headers["Set-Cookie"]
    assert "Secure" in trusted.headers["Set-Cookie"]


def test_a_view_that_needs_a_caller_refuses_a_request_without_one(api: Api) -> None:
    with api.app.app_context():
        for needed in (auth.identified, auth.signed_in):
            with pytest.raises(errors.Unauthorized):
                needed()
