"""The three encodings of a request say the same."""

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api.removebg import fields, incoming
from services.api.removebg.fields import Asked
from services.api.removebg.refusals import Problem, Refusal
from tests.services.api.removebg.test_fields import MEANINGS, WRONG

_APP = Flask("encodings", static_folder=None)
_FIELDS = sorted({(str(name), str(text)) for name, text, *_ in (*MEANINGS, *WRONG)})
_TEXTS = st.sampled_from([text for _, text in _FIELDS]) | st.text("0123456789%px -.#a\u00b2", max_size=12)
_NAMES = st.sampled_from([*sorted({name for name, _ in _FIELDS}), "shadow_method", "unknown"])


def _encodings(texts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    return {
        "multipart": {"data": dict(texts), "content_type": "multipart/form-data"},
        "urlencoded": {"data": dict(texts), "content_type": "application/x-www-form-urlencoded"},
        "json": {"json": dict(texts)},
    }


def _read(request: dict[str, Any]) -> Asked | tuple[Problem, ...]:
    with _APP.test_request_context("/v1.0/removebg", method="POST", **request):
        try:
            return fields.read(incoming.parsed().texts)
        except Refusal as refused:
            return refused.problems


def _same(texts: Mapping[str, str]) -> None:
    read = {name: _read(request) for name, request in _encodings(texts).items()}
    assert read["multipart"] == read["urlencoded"] == read["json"], texts


@pytest.mark.parametrize(("name", "text"), _FIELDS)
def test_each_value_is_read_alike(name: str, text: str) -> None:
    _same({name: text})


@settings(deadline=None, max_examples=100)
@given(texts=st.dictionaries(_NAMES, _TEXTS, max_size=6))
def test_any_fields_are_read_alike(texts: dict[str, str]) -> None:
    _same(texts)


@pytest.mark.parametrize(("said", "text"), [(True, "true"), (False, "false"), (2, "2"), (None, "")])
def test_json_may_use_its_own_kinds(said: object, text: str) -> None:
    for name in ("crop", "type_level", "semitransparency", "add_shadow"):
        assert _read({"json": {name: said}}) == _read({"json": {name: text}})
