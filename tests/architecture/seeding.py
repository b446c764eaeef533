"""Changes to the text of the repository, never to a file on disk: what a seeded violation is made of."""

from collections.abc import Callable

from tests.architecture.tree import Tree

Change = Callable[[Tree], Tree]
Seeds = dict[str, tuple[Change, str]]  # what is done -> how, and words of the problem that must be reported

API = "services/api/seed.py"
WORKER = "services/worker/seed.py"
REMBG = "services/rembg/seed.py"
SHARED = "shared/seed.py"
DB = "shared/db/seed.py"
DEPLOY = "deploy/local/seed.py"


def add(path: str, *lines: str) -> Change:
    """A new file, or more lines at the end of one that is there."""
    return lambda tree: Tree({**tree.files, path: "\n".join([tree.file(path), *lines, ""])})


def edit(path: str, old: str, new: str) -> Change:
    """Another text in the place of one that must be there."""

    def change(tree: Tree) -> Tree:
        assert old in tree.file(path), f"{path} no longer holds {old!r}: seed something else"
        return Tree({**tree.files, path: tree.file(path).replace(old, new)})

    return change


def remove(path: str) -> Change:
    return lambda tree: Tree({name: text for name, text in tree.files.items() if name != path})


def both(first: Change, second: Change) -> Change:
    return lambda tree: second(first(tree))
