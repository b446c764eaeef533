"""Every route against every kind of caller, from one table that must name all routes."""

from collections.abc import Iterator
from uuid import UUID, uuid4

from flask.testing import FlaskClient

from services.api import examples
from services.api.middleware import policy
from services.api.middleware.policy import Auth
from shared.models.customer import Role
from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.client import send, upload
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in, with_key
from tests.services.api.middleware.policy_table import MADE, TABLE, Row
from tests.services.api.owned_rows import Rows, path_of, payload, rows_of
from tests.shared.db import catalogue

_FAR = {"REMOTE_ADDR": "203.0.113.7"}  # not this machine, which may use the operations routes


def test_the_table_names_every_route(api: Api) -> None:
    routes = {
        (method, rule.rule)
        for rule in api.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(row.method, row.rule) for row in TABLE} == routes


def _status(client: FlaskClient, row: Row, rows: Rows) -> int:
    path = path_of(row.rule, rows)
    path += "?widthMm=100" if row.policy == MADE and "<uuid:asset_id>" in row.rule else ""
    if row.rule in ("/api/uploads", "/api/cutouts"):
        response = send(client, path, pictures.jpeg(), environ_base=_FAR)
    else:
        response = client.open(path, method=row.method, environ_base=_FAR, json=payload(str(row), rows))
    response.close()
    return response.status_code


def _customer(api: Api, role: Role = Role.CUSTOMER) -> FlaskClient:
    return signed_in(api, f"{uuid4()}@shop.example", role)


def _others(api: Api, row: Row) -> Iterator[tuple[str, int, FlaskClient]]:
    """Callers who own nothing that the row names, with the status by the table."""
    yield "nobody", row.nobody, api.guest()
    yield "guest", row.for_guest(row.other), api.guest()
    yield "customer", row.for_customer(row.other), _customer(api)
    for scope in set(Scope) - {Scope.ADMIN}:
        yield scope, row.for_key(scope), with_key(api, scope)


def _of_admin_key(row: Row) -> int:
    if row.auth is Auth.KEY:
        return row.other
    return row.nobody if row.auth is Auth.CUSTOMER else row.for_admin


def _admins(api: Api, row: Row) -> Iterator[tuple[str, int, FlaskClient]]:
    yield "admin", row.for_admin, _customer(api, Role.ADMIN)
    yield "admin's key", _of_admin_key(row), with_key(api, Scope.ADMIN)


def _statuses(api: Api, row: Row) -> Iterator[tuple[str, int, int]]:
    """Who called, the status by the table, and that of the response."""
    guest, customer = api.guest(), _customer(api)
    rows = rows_of(guest, customer)
    for name, wanted, caller in _others(api, row):
        if name != "nobody":
            upload(caller, pictures.png())
        yield name, wanted, _status(caller, row, rows)
    yield "owner", row.for_guest(row.owner), _status(guest, row, rows)
    for name, wanted, admin in _admins(api, row):
        yield name, wanted, _status(admin, row, rows_of(api.guest(), customer))
    yield "owner signed in", row.for_customer(row.owner), _status(customer, row, rows_of(customer, customer))


def test_every_route_answers_each_caller_as_the_table_says(api: Api) -> None:
    catalogue.tee(api.deps.database, id=UUID(examples.PRODUCT))
    wrong = [(str(row), *said) for row in TABLE for said in _statuses(api, row) if said[1] != said[2]]
    assert wrong == []


def test_every_route_has_the_policy_of_the_table(api: Api) -> None:
    endpoints = {
        (method, rule.rule): rule.endpoint for rule in api.app.url_map.iter_rules() for method in rule.methods or ()
    }
    for row in TABLE:
        assert policy.of(api.app, endpoints[row.method, row.rule]) == policy.Policy(*row.policy), row
