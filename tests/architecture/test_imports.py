"""Contracts of import-linter: the code keeps each one, and each one reports an import that breaks it."""

import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import grimp
import pytest
from importlinter import Contract
from importlinter.application.use_cases import read_user_options
from importlinter.configuration import configure
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

from tests.architecture.rules import ROOT

configure()
OPTIONS = read_user_options(str(ROOT / "pyproject.toml"))
PACKAGES: list[str] = OPTIONS.session_options["root_packages"]
CONTRACTS: dict[str, dict[str, Any]] = {options["id"]: options for options in OPTIONS.contracts_options}
TYPES: dict[str, type[Contract]] = {
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
    "protected": ProtectedContract,
}
# Importing and imported modules, by the contract that each pair breaks.
BREAKING = {
    "services-apart": [
        ("services.api.app", "services.worker.tasks"),
        ("services.worker.app", "services.rembg.remover"),
        ("services.rembg.app", "services.api.app"),
    ],
    "shared-below": [("shared.web", "services.api.app"), ("shared.broker", "deploy.local"), ("shared.log", "tests")],
    "services-below": [("services.api.app", "deploy.local"), ("services.worker.app", "tests")],
    "deploy-apart": [("deploy.local.stack", "services.api.app"), ("deploy.preflight", "bench")],
    "layers": [
        ("shared.storage.s3", "shared.db.jobs"),
        ("shared.db.pool", "shared.broker"),
        ("shared.log", "shared.web"),
        ("shared.metrics", "shared.log"),
        ("shared.models.job", "shared.log"),
        ("shared.settings", "shared.errors"),
    ],
    **{
        name: [("shared.errors", library) for library in contract["protected_modules"]]
        for name, contract in CONTRACTS.items()
        if contract["type"] == "protected"
    },
}
SEEDS = [
    pytest.param(name, *pair, id=f"{name}: {' imports '.join(pair)}") for name in BREAKING for pair in BREAKING[name]
]


@pytest.fixture(scope="module")
def built() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


@pytest.fixture
def graph(built: grimp.ImportGraph) -> grimp.ImportGraph:
    return deepcopy(built)


def _kept(name: str, graph: grimp.ImportGraph) -> bool:
    options = CONTRACTS[name]
    return TYPES[options["type"]](options["name"], OPTIONS.session_options, options).check(graph, verbose=False).kept


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_code_keeps_contract(name: str, graph: grimp.ImportGraph) -> None:
    assert _kept(name, graph)


@pytest.mark.parametrize(("name", "importer", "imported"), SEEDS)
def test_an_import_breaks_contract(name: str, importer: str, imported: str, graph: grimp.ImportGraph) -> None:
    assert importer in graph.modules
    if imported not in graph.modules:
        graph.add_module(imported, is_squashed=True)
    graph.add_import(importer=importer, imported=imported)
    assert not _kept(name, graph)


def test_every_contract_is_broken_once() -> None:
    assert BREAKING.keys() == CONTRACTS.keys()


def test_the_command_finds_imports_inside_functions_and_for_types(tmp_path: Path) -> None:
    for package in PACKAGES:
        copytree(ROOT / package, tmp_path / package, ignore=ignore_patterns("__pycache__", "*.onnx", "static"))
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    with (tmp_path / "services/api/seed.py").open("w") as seed:
        seed.write("def f():\n    import services.worker.tasks\n")
        seed.write("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import redis\n")
    command = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "services.api.seed -> services.worker.tasks (l.2)" in done.stdout
    assert "services.api.seed -> redis (l.5)" in done.stdout
