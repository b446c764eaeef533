"""The repository keeps its rules."""

import re
import subprocess
import sys

import pytest

from tests.architecture import sizes
from tests.architecture.rules import ROOT, RULES
from tests.architecture.tree import Tree

# Runs in a fresh interpreter with an empty environment; a module that does more than define things fails.
_IMPORT_ALL = """
import importlib, os, pathlib, socket, subprocess, sys, threading

def refuse(*_, **__):
    raise AssertionError("not at import")

for owner, names in ((socket.socket, ("connect", "connect_ex", "bind", "listen")), (threading.Thread, ("start",)),
                     (subprocess.Popen, ("__init__",))):
    for name in names:
        setattr(owner, name, refuse)
os.environ.clear()

from shared import settings
settings.EnvSettings.__init__ = refuse
for module in sys.argv[1:]:
    importlib.import_module(module)
"""


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree.read(ROOT)


@pytest.mark.parametrize("rule", RULES)
def test_the_repository_keeps_rule(rule: str, tree: Tree) -> None:
    assert RULES[rule](tree) == []


def test_importing_a_module_has_no_effect(tree: Tree) -> None:
    starts = (".wsgi", ".conf")  # importing these is starting the process
    modules = [m.name for m in tree.product() if not m.name.endswith(starts)]
    command = [sys.executable, "-c", _IMPORT_ALL, *modules]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_files_and_functions_stay_small(tree: Tree) -> None:
    figures = sizes.figures(tree)
    assert figures.median_file < 80, figures
    assert figures.median_function < 10, figures
    assert figures.short_functions >= 0.9, figures


def test_the_map_says_where_twenty_things_are(tree: Tree) -> None:
    places = re.findall(r"^\| \.\.\. .+\? \| `(.+)` \|$", tree.file("docs/architecture.md"), re.MULTILINE)
    assert len(places) >= 20
    assert [path for path in places if path not in tree.files] == []
