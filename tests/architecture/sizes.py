"""Sizes of files and functions."""

import ast
from dataclasses import dataclass
from statistics import median

from tests.architecture.tree import Tree

MOST_LINES = 300
LONG_LINES = 35  # 90 % of the functions are shorter
_GENERATED = ("requirements/", "tests/system/openapi/package-lock.json")
_GROWING = ("CHANGELOG.md",)  # append-only


@dataclass(frozen=True, slots=True)
class Figures:
    """Sizes of the product's Python."""

    files: int
    median_file: float
    functions: int
    median_function: float
    short_functions: float  # share

    def __str__(self) -> str:
        return (
            f"{self.files} files, median {self.median_file:.0f} lines; {self.functions} functions, median "
            f"{self.median_function:.0f} lines, {self.short_functions:.0%} under {LONG_LINES}"
        )


def short_files(tree: Tree) -> list[str]:
    """Report files of over 300 lines; locks and the changelog may be longer."""
    return [
        f"{path}:{MOST_LINES}: has {lines} lines"
        for path, text in tree.files.items()
        if not path.startswith(_GENERATED) and path not in _GROWING and (lines := text.count("\n")) > MOST_LINES
    ]


def figures(tree: Tree) -> Figures:
    """Measure the product's modules, without empty ones (package markers)."""
    modules = [module for module in tree.product() if module.body.body]
    files = [tree.files[module.path].count("\n") for module in modules]
    functions = [
        (node.end_lineno or 0) - node.lineno + 1
        for module in modules
        for node in ast.walk(module.body)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    short = sum(lines < LONG_LINES for lines in functions) / max(1, len(functions))
    return Figures(len(files), median(files or [0]), len(functions), median(functions or [0]), short)
