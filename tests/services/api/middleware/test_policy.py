"""Every route against every kind of caller, from one table that must name all routes."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.api.middleware import policy
from services.api.middleware.policy import Auth, Cache, Limit
from tests.services import pictures
from tests.services.api.client import body, cut_out, send, upload
from tests.services.api.conftest import Api

_GUEST_READ = (Auth.GUEST_READ, Limit.NONE, Cache.NO_STORE)
_ADMIN = (Auth.ADMIN, Limit.API, Cache.NO_STORE)
_MADE = (Auth.GUEST_READ, Limit.API, Cache.NO_STORE)
_GUEST_WRITE = (Auth.GUEST_WRITE, Limit.API, Cache.NO_STORE)
_UPLOAD = (Auth.GUEST_WRITE, Limit.UPLOADS, Cache.NO_STORE)
_PAGE = (Auth.PUBLIC, Limit.NONE, Cache.PAGE)
_HEALTH = (Auth.PUBLIC, Limit.NONE, Cache.NO_STORE)
_PICTURE = (Auth.PUBLIC, Limit.NONE, Cache.PICTURE)


@dataclass(frozen=True, slots=True)
class Row:
    """The status for a caller without a token, another guest, and the owner of `job` and `asset`."""

    method: str
    rule: str
    nobody: int
    other: int
    owner: int
    policy: tuple[Auth, Limit, Cache]

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


TABLE = (
    Row("POST", "/api/uploads", 201, 201, 200, _UPLOAD),
    Row("POST", "/api/cutouts", 202, 202, 202, _UPLOAD),
    Row("POST", "/api/uploads/presign", 201, 201, 201, _UPLOAD),
    Row("PUT", "/api/uploads/<uuid:upload_id>", 404, 404, 404, (Auth.PUBLIC, Limit.API, Cache.NO_STORE)),
    Row("POST", "/api/uploads/<uuid:upload_id>/complete", 404, 404, 404, _GUEST_WRITE),
    Row("GET", "/api/assets", 200, 200, 200, _GUEST_READ),
    Row("GET", "/api/assets/<uuid:asset_id>", 404, 404, 200, _GUEST_READ),
    Row("DELETE", "/api/assets/<uuid:asset_id>", 404, 404, 204, _GUEST_WRITE),
    Row("POST", "/api/assets/<uuid:asset_id>/link", 404, 404, 201, (Auth.GUEST_READ, Limit.API, Cache.NO_STORE)),
    Row("GET", "/private/<uuid:asset_id>", 403, 403, 403, (Auth.PUBLIC, Limit.NONE, Cache.NO_STORE)),
    Row("POST", "/api/jobs", 404, 404, 202, _GUEST_WRITE),
    Row("GET", "/api/jobs", 200, 200, 200, _GUEST_READ),
    Row("GET", "/api/jobs/<uuid:job_id>", 404, 404, 200, _GUEST_READ),
    Row("DELETE", "/api/jobs/<uuid:job_id>", 404, 404, 200, _GUEST_WRITE),
    Row("POST", "/api/jobs/<uuid:job_id>/retry", 404, 404, 409, _GUEST_WRITE),
    Row("GET", "/api/jobs/<uuid:job_id>/events", 404, 404, 200, _GUEST_READ),
    *(
        Row("GET", f"/api/assets/<uuid:asset_id>/{made}", 404, 404, 202, _MADE)
        for made in ("print-edges", "print-check", "print-file", "cutline", "vector", "enlargement")
    ),
    Row("POST", "/api/gang-sheets", 404, 404, 202, _GUEST_WRITE),
    Row("GET", "/api/gang-sheets/<uuid:job_id>", 404, 404, 404, _GUEST_READ),
    Row("GET", "/api/gang-sheets/<uuid:job_id>/sheets/<number>", 404, 404, 404, _MADE),
    Row("GET", "/api/garments", 200, 200, 200, _PAGE),
    Row("GET", "/api/assets/<uuid:asset_id>/mockups", 404, 404, 200, _GUEST_READ),
    Row("GET", "/mockups/<garment>/<color>/<uuid:asset_id>.webp", 404, 404, 503, (Auth.GUEST_READ, *_PICTURE[1:])),
    Row("GET", "/mockups/<garment>/<color>/<uuid:asset_id>/<mockup_grant>.webp", 403, 403, 403, _PICTURE),
    Row("GET", "/api/admin/rollout", 401, 401, 401, _ADMIN),
    Row("PUT", "/api/admin/rollout", 401, 401, 401, _ADMIN),
    Row("GET", "/api/admin/providers", 401, 401, 401, _ADMIN),
    Row("GET", "/api/admin/jobs", 401, 401, 401, _ADMIN),
    Row("GET", "/assets/<key>/<grant>", 200, 200, 200, _PICTURE),
    Row("GET", "/", 200, 200, 200, _PAGE),
    Row("GET", "/docs", 200, 200, 200, _PAGE),
    Row("GET", "/static/<path:name>", 200, 200, 200, _PAGE),
    Row("GET", "/openapi.json", 200, 200, 200, _PAGE),
    Row("GET", "/health", 200, 200, 200, _HEALTH),
    Row("GET", "/health/live", 200, 200, 200, _HEALTH),
    Row("GET", "/health/ready", 200, 200, 200, _HEALTH),
    Row("GET", "/health/detailed", 404, 404, 404, _HEALTH),
    Row("GET", "/metrics", 404, 404, 404, _HEALTH),
)
_FAR = {"REMOTE_ADDR": "203.0.113.7"}  # not this machine, which may use the operations routes


def test_the_table_names_every_route(api: Api) -> None:
    routes = {
        (method, rule.rule)
        for rule in api.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(row.method, row.rule) for row in TABLE} == routes


def _status(client: FlaskClient, row: Row, asset: dict[str, str], job: str) -> int:
    path = row.rule.replace("<uuid:asset_id>", asset["id"]).replace("<uuid:job_id>", job)
    path = path.replace("/assets/<key>/<grant>", asset["url"]).replace("<path:name>", "swagger-ui.css")
    path = path.replace("<uuid:upload_id>", str(UUID(int=0))).replace("<number>", "1")
    path = path.replace("<garment>", "hoodie").replace("<color>", "ffffff").replace("<mockup_grant>", "1-a")
    path += "?widthMm=100" if row.policy == _MADE and "<uuid:asset_id>" in row.rule else ""
    if row.rule in ("/api/uploads", "/api/cutouts"):
        response = send(client, path, pictures.jpeg(), environ_base=_FAR)
    else:
        payloads = {
            "/api/jobs": {"assetId": asset["id"], "type": "cutout"},
            "/api/gang-sheets": {"sheet": {"widthMm": 560}, "items": [{"assetId": asset["id"], "widthMm": 90}]},
            "/api/uploads/presign": {"contentType": "image/png", "bytes": 9},
        }
        payload = payloads.get(row.rule) if row.method == "POST" else None
        response = client.open(path, method=row.method, environ_base=_FAR, json=payload)
    response.close()
    return response.status_code


def test_every_route_answers_each_caller_as_the_table_says(api: Api) -> None:
    wrong = {}
    for row in TABLE:
        owner, other = api.guest(), api.guest()
        job, asset = cut_out(owner)["id"], upload(owner)
        upload(other, pictures.png())
        said = [_status(client, row, asset, job) for client in (api.guest(), other, owner)]
        if said != [row.nobody, row.other, row.owner]:
            wrong[str(row)] = said
    assert wrong == {}


def test_lists_hold_only_the_caller_s_rows(api: Api) -> None:
    owner, other = api.guest(), api.guest()
    cut_out(owner)
    upload(other, pictures.png())
    for path in ("/api/assets", "/api/jobs"):
        assert len(body(owner.get(path))["items"]) == 1
        assert body(api.guest().get(path))["items"] == []
    assert body(other.get("/api/jobs"))["items"] == []


def test_every_route_has_the_policy_of_the_table(api: Api) -> None:
    endpoints = {
        (method, rule.rule): rule.endpoint for rule in api.app.url_map.iter_rules() for method in rule.methods or ()
    }
    for row in TABLE:
        assert policy.of(api.app, endpoints[row.method, row.rule]) == policy.Policy(*row.policy), row


def test_an_app_with_a_route_without_a_policy_does_not_start() -> None:
    app = Flask("careless", static_folder=None)
    app.add_url_rule("/secret", "secret", lambda: "")
    with pytest.raises(ValueError, match="routes without a policy: secret"):
        policy.install(app, {})


def test_an_error_is_never_cached(guest: FlaskClient) -> None:
    for path in ("/assets/nothing", "/static/nothing", "/nowhere"):
        response = guest.get(path)
        assert (response.status_code, response.headers["Cache-Control"]) == (404, "no-store")
