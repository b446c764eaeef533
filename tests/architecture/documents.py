"""What is said is so: commands in documents exist, locks hold what the groups ask for, and no machine is named."""

import re
from collections.abc import Iterator

from tests.architecture import dependencies
from tests.architecture.tree import Tree

_TARGET = re.compile(r"^([a-z][\w-]*):(?!=)", re.MULTILINE)
_HELP = re.compile(r"^([a-z][\w-]*):(?!=)[^\n]*##\s*\S", re.MULTILINE)
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)  # commands stand in code, "make sure" stands in prose
_MAKE = re.compile(r"\bmake\s+(?![\w-]+=)([a-z][\w-]*)")
_MODULE = re.compile(r"(?:python3? -m |(?:celery -A |gunicorn .*?))((?:deploy|services|shared|tests)(?:\.\w+)+)")
_PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[.*?\])?==", re.MULTILINE)
# Folders of one machine, and hosts that serve packages: each reader has his own.
_PRIVATE = re.compile(r"(?<![\w.$}~-])/(?:work|home/\w+|Users/\w+)/\w")
_REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs)\.(?:org|com)\b|--(?:extra-)?index-url\b")


def make_targets(tree: Tree) -> list[str]:
    """Every target a document names exists, and `make` alone can explain each."""
    makefile = tree.file("Makefile")
    targets = set(_TARGET.findall(makefile))
    unexplained = targets - set(_HELP.findall(makefile))
    named = ((path, target) for path, code in _code(tree) for target in _MAKE.findall(code))
    missing = sorted({f"{path}: there is no `make {target}`" for path, target in named if target not in targets})
    return missing + [f"Makefile: {target} has no line of help" for target in sorted(unexplained)]


def commands(tree: Tree) -> list[str]:
    """Every module started by a command in a document, the Makefile or a script exists."""
    texts = [*_code(tree), *((path, text) for path, text in tree.files.items() if path in ("Makefile", ".ci/run"))]
    started = {(path, module) for path, text in texts for module in _MODULE.findall(text)}
    return sorted(
        f"{path}: there is no module {module}"
        for path, module in started
        if module not in tree.modules and f"{module}.__main__" not in tree.modules
    )


def locks(tree: Tree) -> list[str]:
    """Each group's lock holds what the group names, everything in it by digest, and no address."""
    return [problem for group in dependencies.groups(tree) for problem in _lock_problems(tree, group)]


def _lock_problems(tree: Tree, group: str) -> Iterator[str]:
    path = f"requirements/{group}.txt"
    lock = tree.file(path)
    pinned = set(_PINNED.findall(lock))
    absent = {name for name in dependencies.groups(tree)[group] if name.replace("_", "-") not in pinned}
    yield from (f"{path}: lacks {name}; run `make lock`" for name in sorted(absent))
    blocks = re.split(r"\n(?=\S)", lock)
    yield from (
        f"{path}: {block.split()[0]} has no digest" for block in blocks if "==" in block and "--hash=" not in block
    )
    yield from (f"{path}:{number}: an address" for number, line in enumerate(lock.splitlines(), 1) if "://" in line)


def machines(tree: Tree) -> list[str]:
    """No file names a path of one machine or the host of a package registry."""
    return [
        f"{path}:{text.count(chr(10), 0, found.start()) + 1}: names {found[0]}"
        for path, text in tree.files.items()
        for found in (*_PRIVATE.finditer(text), *_REGISTRY.finditer(text))
    ]


def _code(tree: Tree) -> Iterator[tuple[str, str]]:
    for path, text in tree.files.items():
        if path.endswith(".md"):
            yield from ((path, code) for code in _CODE.findall(text))
