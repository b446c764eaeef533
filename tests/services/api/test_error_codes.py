"""The tables of error codes: complete, and the same in docs/errors.md and in the OpenAPI document."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.api import error_codes
from shared.errors import Failure
from shared.models.job import JobFailure
from tests.services.api.client import body

TABLES = (error_codes.of_responses(), error_codes.of_jobs())
PAGE = Path(__file__).parents[3] / "docs/errors.md"


def test_every_code_has_a_row() -> None:
    responses, jobs = TABLES
    for kind in error_codes.FAILURES:
        assert f"| {kind.status} | `{kind.code}` | {kind.message} |" in responses
    assert error_codes.OF_JOBS.keys() == set(JobFailure)
    assert all(f"| `{failure}` |" in jobs for failure in JobFailure)


@pytest.mark.parametrize("kind", error_codes.FAILURES, ids=lambda kind: kind.code)
def test_every_failure_says_what_to_do(kind: type[Failure]) -> None:
    assert "advice" in vars(kind)
    assert kind.advice.endswith(".")


@pytest.mark.parametrize("table", TABLES, ids=["responses", "jobs"])
def test_the_page_and_the_document_have_the_tables_of_the_code(guest: FlaskClient, table: str) -> None:
    assert table in PAGE.read_text()
    assert table in body(guest.get("/openapi.json"))["info"]["description"]
