"""Every variable that a service reads gets to it: through docker-compose.yml, and on Railway as its page says."""

import dataclasses
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from services.api.settings import Settings as Api
from services.rembg.settings import Settings as Rembg
from services.worker.mockups.settings import Settings as Mockups
from services.worker.settings import Settings as Worker
from shared.settings import EnvSettings, Listen
from tests.architecture import places
from tests.architecture.tree import Tree

ROOT = Path(__file__).parents[2]
TREE = Tree.read(ROOT)
COMPOSE = yaml.safe_load((ROOT / places.COMPOSE).read_text())["services"]
PAGE = (ROOT / "deploy/railway/README.md").read_text()
BLOCKS = {"api": (Api, Listen), "worker": (Worker,), "rembg": (Rembg, Listen), "mockups": (Mockups, Listen)}
# The image decides where a container listens and where its folders are.
INSIDE = {"BIND_HOST", "DATA_DIR", "MODELS_DIR", "REMBG_MODEL_BASE_URL"}
OTHERS = {"REMBG_PORT", "MOCKUPS_PORT"}  # read by every service that listens, used by one
PREFLIGHT = {
    "API_INSTANCES",
    "WORKER_INSTANCES",
    "PRINT_INSTANCES",
    "DATABASE_POOL_MAX",
    "MAX_DB_CONNECTIONS",
}  # which runs before the api
BUILD = {"MODEL"}
PLATFORM = {"PORT"}  # where Railway checks the health, also of the worker


def _blocks(kind: type) -> Iterator[type[EnvSettings]]:
    if dataclasses.is_dataclass(kind):
        for part in typing.get_type_hints(kind).values():
            yield from _blocks(part)
    else:
        yield kind


def _fields(service: str) -> dict[str, bool]:
    """The variables a service reads, and whether each is required."""
    blocks = (block for kind in BLOCKS[service] for block in _blocks(kind))
    fields = (field for block in blocks for field in block.model_fields.values())
    return {str(field.validation_alias): field.is_required() for field in fields}


def _rows() -> Iterator[tuple[list[str], dict[str, str]]]:
    """Each row of Railway's table: its variables, and the cell of each service."""
    for line in re.findall(r"^\| `[A-Z].*$", PAGE, re.MULTILINE):
        names, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        yield re.findall(r"`([A-Z0-9_]+)`", names), dict(zip(BLOCKS, cells, strict=True))


@pytest.mark.parametrize("service", BLOCKS)
def test_compose_passes_every_variable_that_a_service_reads(service: str) -> None:
    container = COMPOSE[service]
    if "env_file" in container:  # all of .env
        assert container["env_file"] == [{"path": ".env", "required": False}]
    else:
        ignored = INSIDE | OTHERS - {f"{service.upper()}_PORT"}
        assert set(_fields(service)) - ignored - set(container["environment"]) == set()


@pytest.mark.parametrize("service", ["api", "worker", "worker-print", "rembg", "mockups", "migrate"])
def test_compose_overrides_variables_only_where_the_container_decides_or_with_the_same_name(service: str) -> None:
    fixed = {"DATA_DIR", "PORT", "WORKER_QUEUES", *OTHERS}
    for name, value in COMPOSE[service]["environment"].items():
        assert name in fixed or value.startswith(f"${{{name}:-"), name


def test_the_example_states_the_defaults_of_compose() -> None:
    text, stated = TREE.file(places.ENV_EXAMPLE), places.example(TREE)
    for name, default in re.findall(r"(?<!\$)\$\{(\w+):-([^${}]+)\}", TREE.file(places.COMPOSE)):
        other = re.search(rf"In containers: ([^\s,]+?)[.,].*\n(?:#.*\n)*{name}=", text)
        assert stated[name] in ("", default) or (other and other[1] == default), name


@pytest.mark.parametrize("service", BLOCKS)
def test_railway_names_only_variables_that_the_service_reads(service: str) -> None:
    read = set(_fields(service)) | BUILD | PLATFORM | (PREFLIGHT if service == "api" else set())
    named = {name for names, cells in _rows() for name in names if cells[service]}
    assert named - read == set()
    assert named - set(places.example(TREE)) == set()


@pytest.mark.parametrize("service", BLOCKS)
def test_railway_names_every_variable_that_a_service_needs(service: str) -> None:
    named = {name for names, cells in _rows() for name in names if cells[service]}
    assert {name for name, required in _fields(service).items() if required} - named == set()
