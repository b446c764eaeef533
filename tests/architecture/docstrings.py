"""Module docstrings say what they were written to say: no tool has sorted imports into them or rewrapped a table."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.tree import Module, Tree

_IMPORT = re.compile(r"(?:import [\w.]+|from [\w.]+ import \w.*)")
# Tables and diagrams are indented. A gap between columns, or a piece of a line, in running text is what is left of one.
_REWRAPPED = re.compile(r"\S {3,}\S|[─│┌└┐┘├┤]")


def problems(tree: Tree) -> list[str]:
    """Report import statements inside module docstrings, and tables that were rewrapped into a paragraph."""
    return [problem for module in tree.modules.values() for problem in _problems(module)]


def _problems(module: Module) -> Iterator[str]:
    for number, line in enumerate((ast.get_docstring(module.body, clean=False) or "").splitlines(), 1):
        if _IMPORT.fullmatch(line.strip()):
            yield f"{module.at(number)}: an import inside the docstring"
        elif not line.startswith(" ") and _REWRAPPED.search(line):
            yield f"{module.at(number)}: a table was rewrapped into the docstring's text"
