"""The rules of the house, by name; `python -m tests.architecture.rules` prints what breaks them, and our sizes."""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.architecture import dependencies, documents, effects, imports, places, sizes
from tests.architecture.tree import Tree

ROOT = Path(__file__).parents[2]

# Each returns one line for each violation: where it is, and what is wrong.
RULES: dict[str, Callable[[Tree], list[str]]] = {
    "1-services-apart": imports.services_apart,
    "2-floors": imports.floors,
    "3-owners": imports.owners,
    "4-groups-equal-reach": dependencies.groups_equal_reach,
    "5-absolute-imports": imports.absolute,
    "6-names": imports.names,
    "7-quiet-imports": effects.quiet_imports,
    "8-statements": places.statements,
    "8-settings": places.settings,
    "8-queues": places.queues,
    "8-routes": places.routes,
    "8-metrics": places.metrics,
    "sizes-of-files": sizes.short_files,
    "documents-make-targets": documents.make_targets,
    "documents-commands": documents.commands,
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
