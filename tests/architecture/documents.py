"""Documents are true: what they name exists, locks hold what the groups ask for, and no machine is named."""

import re
from collections import Counter
from collections.abc import Iterator
from posixpath import basename, dirname, join, normpath

from tests.architecture import dependencies
from tests.architecture.tree import BINARY, FOLDERS, Tree

_TARGET = re.compile(r"^([a-z][\w-]*):(?!=)", re.MULTILINE)
_HELP = re.compile(r"^([a-z][\w-]*):(?!=)[^\n]*##\s*\S", re.MULTILINE)
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)  # commands are in code, "make sure" is prose
_MAKE = re.compile(r"\bmake\s+(?![\w-]+=)([a-z][\w-]*)")
_MODULE = re.compile(r"(?:python3? -m |(?:celery -A |gunicorn .*?))((?:deploy|services|shared|tests)(?:\.\w+)+)")
_PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[.*?\])?==", re.MULTILINE)
_DECISIONS = "docs/decisions"
_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")
_PATH = re.compile(rf"`((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*)`")
_DECISION = re.compile(
    r"# (\d{4}): .+\n\nStatus: (?:accepted|superseded by \[(\d{4})\]\(\2-[\w-]+\.md\))\. "
    r"Area: ([^.]+)\. Date: 20\d\d-\d\d-\d\d\.\n\n"
    r"## Decision\n\n[^#]+## Evidence\n\n[^#]+## What would change it\n\n[^#]+"
)
# Folders of one machine and hosts that serve packages; every reader has other ones.
_PRIVATE = re.compile(r"(?<![\w.$}~-])/(?:work|home/\w+|Users/\w+)/\w")
_REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs)\.(?:org|com)\b|--(?:extra-)?index-url\b")


def make_targets(tree: Tree) -> list[str]:
    """Report targets that a document names but the Makefile lacks, and targets without a line of help."""
    makefile = tree.file("Makefile")
    targets = set(_TARGET.findall(makefile))
    unexplained = targets - set(_HELP.findall(makefile))
    named = ((path, target) for path, code in _code(tree) for target in _MAKE.findall(code))
    missing = sorted({f"{path}: there is no `make {target}`" for path, target in named if target not in targets})
    return missing + [f"Makefile: {target} has no line of help" for target in sorted(unexplained)]


def commands(tree: Tree) -> list[str]:
    """Report commands in documents, the Makefile and scripts that start a missing module."""
    texts = [*_code(tree), *((path, text) for path, text in tree.files.items() if path in ("Makefile", ".ci/run"))]
    started = {(path, module) for path, text in texts for module in _MODULE.findall(text)}
    return sorted(
        f"{path}: there is no module {module}"
        for path, module in started
        if module not in tree.modules and f"{module}.__main__" not in tree.modules
    )


def links(tree: Tree) -> list[str]:
    """Report missing files that a page links to or names in code; the changelog may name old ones."""
    folders = {dirname(path) for path in tree.files}
    pages = {path: text for path, text in tree.files.items() if path.endswith(".md") and path != "CHANGELOG.md"}
    named = [
        (page, normpath(join(dirname(page), link))) for page, text in pages.items() for link in _LINK.findall(text)
    ]
    named += [(page, path.rstrip("/")) for page, text in pages.items() for path in _PATH.findall(text)]
    return sorted(
        {
            f"{page}: there is no {path}"
            for page, path in named
            if path not in tree.files and not path.endswith(tuple(BINARY)) and not _folder(path, folders)
        }
    )


def _folder(path: str, folders: set[str]) -> bool:
    return any(folder == path or folder.startswith(f"{path}/") for folder in folders)


def decisions(tree: Tree) -> list[str]:
    """Report decisions that lack a part, share a number, or are not listed in the index under their area."""
    areas = tree.file(f"{_DECISIONS}/README.md").split("\n## ")
    files = [path for path in tree.files if path.startswith(_DECISIONS) and not path.endswith("/README.md")]
    numbers = Counter(basename(path)[:4] for path in files)
    return [problem for path in files for problem in _decision_problems(path, tree.files[path], areas)] + [
        f"{_DECISIONS}: {count} decisions have the number {number}" for number, count in numbers.items() if count > 1
    ]


def _decision_problems(path: str, text: str, areas: list[str]) -> Iterator[str]:
    name = basename(path)
    if not (found := _DECISION.fullmatch(text)) or not name.startswith(found[1]):
        yield f"{path}: is not written like the other decisions"
    elif not any(area.startswith(f"{found[3]}\n") and f"]({name})" in area for area in areas):
        yield f"{path}: the index does not list it under {found[3]}"


def locks(tree: Tree) -> list[str]:
    """Report locks that lack what their group names, a digest, or that contain an address."""
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
    """Report paths of one machine and hosts of package registries in any file."""
    return [
        f"{path}:{text.count(chr(10), 0, found.start()) + 1}: names {found[0]}"
        for path, text in tree.files.items()
        for found in (*_PRIVATE.finditer(text), *_REGISTRY.finditer(text))
    ]


def _code(tree: Tree) -> Iterator[tuple[str, str]]:
    for path, text in tree.files.items():
        if path.endswith(".md"):
            yield from ((path, code) for code in _CODE.findall(text))
