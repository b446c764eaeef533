"""The rules of the code by name; `python -m tests.architecture.rules` prints violations and sizes."""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.architecture import dependencies, docstrings, documents, effects, imports, places, sizes
from tests.architecture.tree import Tree

ROOT = Path(__file__).parents[2]

# Each returns one line per violation: where it is and what is wrong.
RULES: dict[str, Callable[[Tree], list[str]]] = {
    "owned-libraries": imports.owned_libraries,
    "names": imports.names,
    "groups-equal-reach": dependencies.groups_equal_reach,
    "quiet-imports": effects.quiet_imports,
    "statements": places.statements,
    "settings": places.settings,
    "queues": places.queues,
    "routes": places.routes,
    "metrics": places.metrics,
    "sizes-of-files": sizes.short_files,
    "docstrings": docstrings.problems,
    "documents-make-targets": documents.make_targets,
    "documents-commands": documents.commands,
    "documents-decisions": documents.decisions,
    "documents-links": documents.links,
    "documents-locks": documents.locks,
    "documents-machines": documents.machines,
}


def main() -> int:
    tree = Tree.read(ROOT)
    problems = [f"{problem}  [{name}]" for name, rule in RULES.items() for problem in rule(tree)]
    print(*problems, sizes.figures(tree), sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
