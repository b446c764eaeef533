"""Postal addresses: a customer's own, and only such as can be right."""

import pytest

from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in

BERLIN = {"name": "Ann", "line1": "1 Main Street", "city": "Berlin", "postalCode": "10115", "country": "DE"}


def test_addresses_are_added_listed_and_deleted(api: Api) -> None:
    client, other = signed_in(api, "ann@shop.example"), signed_in(api, "bob@shop.example")
    first = body(client.post("/api/addresses", json=BERLIN))
    second = body(client.post("/api/addresses", json=BERLIN | {"city": "Köln", "postalCode": "50667"}))
    assert first.keys() - {"id", "createdAt"} == {*BERLIN, "line2", "region", "phone"}
    assert body(client.get("/api/addresses"))["items"] == [second, first]
    assert body(other.get("/api/addresses"))["items"] == []
    refused(other.delete(f"/api/addresses/{first['id']}"), 404, "not_found")
    assert client.delete(f"/api/addresses/{first['id']}").status_code == 204
    refused(client.delete(f"/api/addresses/{first['id']}"), 404, "not_found")
    assert body(client.get("/api/addresses"))["items"] == [second]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"country": "XX"}, "country"),
        ({"postalCode": "1011"}, "postalCode"),
        ({"postalCode": ""}, "postalCode"),
        ({"postalCode": "1\u0662115"}, "postalCode"),
        ({"country": "US", "postalCode": "62701"}, "region"),
        ({"country": "GB", "postalCode": "10115"}, "postalCode"),
    ],
)
def test_an_address_that_cannot_be_right_is_refused_with_its_field(
    api: Api, change: dict[str, str], field: str
) -> None:
    client = signed_in(api, "ann@shop.example")
    assert refused(client.post("/api/addresses", json=BERLIN | change), 422, "bad_address") == {"field": field}


@pytest.mark.parametrize(
    "change",
    [
        {"country": "IE", "postalCode": ""},  # not every country has postal codes of a known form
        {"country": "US", "postalCode": "62701-0001", "region": "IL"},
        {"country": "GB", "postalCode": "sw1a 1aa"},
        {"country": "NL", "postalCode": "1012 AB"},
    ],
)
def test_addresses_of_other_countries_are_taken(api: Api, change: dict[str, str]) -> None:
    assert signed_in(api, "ann@shop.example").post("/api/addresses", json=BERLIN | change).status_code == 201


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"name": " "}, {"line1": "a\nb"}, {"city": "x" * 101}, {"country": "de"}, {"id": "x"}]
)
def test_a_field_that_no_label_can_bear_is_refused(api: Api, change: dict[str, str]) -> None:
    refused(signed_in(api, "ann@shop.example").post("/api/addresses", json=BERLIN | change), 400, "invalid_request")


def test_a_customer_keeps_at_most_fifty(api: Api) -> None:
    client = signed_in(api, "ann@shop.example")
    for _ in range(50):
        assert client.post("/api/addresses", json=BERLIN).status_code == 201
    refused(client.post("/api/addresses", json=BERLIN), 400, "invalid_request")
