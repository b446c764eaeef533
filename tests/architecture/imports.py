"""What import-linter and ruff cannot express about imports and names; their rules are in pyproject.toml."""

import tomllib
from functools import cache

from tests.architecture import dependencies
from tests.architecture.dependencies import third_party
from tests.architecture.tree import Tree

_MIRRORS = ("services.rembg", "tests.services.rembg")  # named after the library they replace
# Words of the project's early days that a newcomer had to translate into the field's own.
_METAPHORS = frozenset(
    {
        *("addresses", "become", "bodies", "deadlines", "door", "doorbell", "foreign", "gate", "hands", "intake"),
        *("linger", "line", "locate", "packing", "parts", "patience", "reaper", "routine", "serving", "signing"),
        *("trouble", "walk", "watch", "work"),
    }
)


def owned_libraries(tree: Tree) -> list[str]:
    """Every third-party library has an owner: a contract of import-linter names it."""
    owned = _protected(tree.file("pyproject.toml"))
    return [
        f"{module.at(imported)}: no contract in pyproject.toml says who owns {top}"
        for module in tree.product()
        for imported in module.imports
        if third_party(top := imported.module.split(".")[0]) and top not in owned
    ]


def names(tree: Tree) -> list[str]:
    """No module hides a dependency or bears a private metaphor; ruff's A005 covers the standard library."""
    libraries = {library.replace("-", "_") for group in dependencies.groups(tree).values() for library in group}
    libraries |= _protected(tree.file("pyproject.toml")) | {"rembg"}
    lasts = {module: module.name.split(".")[-1] for module in tree.modules.values()}
    return [
        f"{module.path}: bears the name of a library, {last}"
        for module, last in lasts.items()
        if last in libraries and module.name not in _MIRRORS
    ] + [
        f"{module.path}: bears a private metaphor, {last}"
        for module, last in lasts.items()
        if last.removeprefix("test_") in _METAPHORS
    ]


@cache
def _protected(pyproject: str) -> frozenset[str]:
    contracts = tomllib.loads(pyproject)["tool"]["importlinter"]["contracts"]
    return frozenset(library for contract in contracts for library in contract.get("protected_modules", ()))
