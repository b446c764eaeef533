"""deploy/env.example states each setting's default; the rule `settings` compares the names, this test the values."""

import importlib
from collections.abc import Iterator

import pytest
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from shared.settings import EnvSettings
from tests.architecture import places
from tests.architecture.rules import ROOT
from tests.architecture.tree import Tree

TREE = Tree.read(ROOT)


def _fields() -> Iterator[FieldInfo]:
    for path in TREE.files:
        if path.endswith("/settings.py") and not path.startswith("tests/"):
            module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
            blocks = (b for b in vars(module).values() if isinstance(b, type) and issubclass(b, EnvSettings))
            yield from (field for block in blocks for field in block.model_fields.values())


FIELDS = {str(field.validation_alias): field for field in _fields()}


@pytest.mark.parametrize("name", FIELDS)
def test_the_example_states_the_default_of(name: str) -> None:
    default = FIELDS[name].get_default()  # undefined if required, None if computed at start
    said = str(default).lower() if isinstance(default, bool) else str(default)
    assert places.example(TREE)[name] == ("" if default in (None, PydanticUndefined) else said)
