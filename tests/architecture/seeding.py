"""Changes to the in-memory text of the repository, of which seeded violations are made."""

from collections.abc import Callable

from tests.architecture.tree import Tree

Change = Callable[[Tree], Tree]
Seeds = dict[str, tuple[Change, str]]  # description -> change, and words the report must contain

API = "services/api/seed.py"
WORKER = "services/worker/seed.py"
REMBG = "services/rembg/seed.py"
SHARED = "shared/seed.py"
DB = "shared/db/seed.py"
DEPLOY = "deploy/local/seed.py"


def add(path: str, *lines: str) -> Change:
    """Create a file, or append lines to an existing one."""
    return lambda tree: Tree({**tree.files, path: "\n".join([*tree.file(path).splitlines(), *lines, ""])})


def edit(path: str, old: str, new: str) -> Change:
    """Replace a text that must be present."""

    def change(tree: Tree) -> Tree:
        assert old in tree.file(path), f"{path} no longer holds {old!r}: seed something else"
        return Tree({**tree.files, path: tree.file(path).replace(old, new)})

    return change


def remove(path: str) -> Change:
    return lambda tree: Tree({name: text for name, text in tree.files.items() if name != path})


def both(first: Change, second: Change) -> Change:
    return lambda tree: second(first(tree))
