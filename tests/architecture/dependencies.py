"""Dependency groups: which library belongs to which, and that a group is exactly what its service imports."""

import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache

from tests.architecture.tree import PACKAGES, Module, Tree

# Where a process starts. An image must carry what these modules import, directly or not.
_MIGRATIONS = "shared.db.__main__"  # run in the api's image before the api starts
_DECODER = "services.api.decoder.__main__"  # the processes that decode pictures
_WEIGHTS = "services.rembg.weights.__main__"  # run while rembg's image is built
_GUNICORN = "deploy.gunicorn.conf"
ENTRIES = {
    "api": ("services.api.wsgi", "services.api.app", _DECODER, _GUNICORN, _MIGRATIONS),
    "mockups": ("services.worker.mockups.wsgi", _GUNICORN),
    "print": (
        "services.worker.app",
        "services.worker.print_job_types",
        "services.worker.gang_sheet.__main__",  # a process of its own
    ),
    "rembg": ("services.rembg.wsgi", "services.rembg.app", _GUNICORN, _WEIGHTS),
    "worker": ("services.worker.app",),
}

# Imported in a function, by a worker that serves queues of print jobs: its image has the group `print`.
_ONLY_IN_PRINT = "services.worker.print_job_types"

# Import names that differ from the distribution's name, or that come with another distribution.
_DISTRIBUTIONS = {
    "argon2": "argon2-cffi",
    "PIL": "pillow",
    "botocore": "boto3",
    "kombu": "celery",
    "psycopg_pool": "psycopg",
    "pydantic_core": "pydantic",
    "werkzeug": "flask",
}


def distribution(module: str) -> str:
    """Return the distribution that provides a module: PIL.Image -> pillow."""
    top = module.split(".")[0]
    return _DISTRIBUTIONS.get(top, top.lower().replace("_", "-"))


def third_party(module: str) -> bool:
    top = module.split(".")[0]
    return top not in sys.stdlib_module_names and top not in PACKAGES and bool(top)


def groups(tree: Tree) -> dict[str, frozenset[str]]:
    """Return the distributions of each dependency group, without extras and versions; included groups are resolved."""
    return _groups(tree.file("pyproject.toml"))


@cache
def _groups(pyproject: str) -> dict[str, frozenset[str]]:
    written = tomllib.loads(pyproject).get("dependency-groups", {})

    def names(group: str) -> Iterator[str]:
        for item in written.get(group, ()):
            if isinstance(item, dict):
                yield from names(item["include-group"])
            else:
                yield re.split(r"[^A-Za-z0-9._-]", item, maxsplit=1)[0].lower().replace("_", "-")

    return {group: frozenset(names(group)) for group in written}


def groups_equal_reach(tree: Tree) -> list[str]:
    """Report a group that is not what its entries reach: with less the image crashes, with more it swells."""
    return [problem for service in ENTRIES for problem in _group_problems(tree, service)]


def _group_problems(tree: Tree, service: str) -> Iterator[str]:
    if ENTRIES[service][0] not in tree.modules:
        return  # the service does not exist yet
    listed = groups(tree).get(service, frozenset())
    reached = reach(tree, ENTRIES[service])
    for name, where in sorted(reached.items()):
        if name not in listed:
            yield f"pyproject.toml: group {service} lacks {name}, which {where} imports"
    for name in sorted(listed - reached.keys()):
        yield f"pyproject.toml: group {service} lists {name}, which nothing it starts imports"


def reach(tree: Tree, entries: tuple[str, ...]) -> dict[str, str]:
    """Return the distributions the entries reach, by lazy imports too, each with a module that imports it."""
    reached: dict[str, str] = {}
    seen: set[str] = set()
    ahead = [name for name in entries if name in tree.modules]
    while ahead:
        name = ahead.pop()
        if name in seen:
            continue
        seen.add(name)
        followed = tree.modules.keys() - {_ONLY_IN_PRINT}
        ahead += [other for other in _neighbours(tree, tree.modules[name]) if other in followed]
        for imported in tree.modules[name].imports:
            if third_party(imported.module) and not imported.typing_only and not imported.relative:
                reached.setdefault(distribution(imported.module), name)
    return reached


def _neighbours(tree: Tree, module: Module) -> Iterator[str]:
    """Yield the modules this one runs and their packages: by an import, or by a name in a string for Celery."""
    imported = [tree.target(item) for item in module.imports if not item.typing_only]
    named = [text.split(":")[0] for text in module.texts.values() if text.startswith(PACKAGES)]
    for target in imported + named:
        parts = target.split(".")
        yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))
