"""Each rule is broken on purpose, in the repository as it is, and must say so: nobody need doubt that it can fail."""

import pytest

from tests.architecture import seeds_imports, seeds_places
from tests.architecture.rules import ROOT, RULES
from tests.architecture.seeding import Change, Seeds
from tests.architecture.tree import Tree

REAL = Tree.read(ROOT)

SEEDED: dict[str, Seeds] = {
    "1-services-apart": seeds_imports.APART,
    "2-floors": seeds_imports.FLOORS,
    "3-owners": seeds_imports.OWNERS,
    "4-groups-equal-reach": seeds_imports.GROUPS,
    "5-absolute-imports": seeds_imports.ABSOLUTE,
    "6-names": seeds_imports.NAMES,
    "7-quiet-imports": seeds_places.IMPORTS,
    "8-statements": seeds_places.STATEMENTS,
    "8-settings": seeds_places.SETTINGS,
    "8-queues": seeds_places.QUEUES,
    "8-routes": seeds_places.ROUTES,
    "8-metrics": seeds_places.METRICS,
    "sizes-of-files": seeds_places.SIZES,
    "documents-make-targets": seeds_places.TARGETS,
    "documents-commands": seeds_places.COMMANDS,
    "documents-locks": seeds_places.LOCKS,
    "documents-machines": seeds_places.MACHINES,
}
CASES = [
    pytest.param(rule, change, words, id=f"{rule}: {name}")
    for rule, seeds in SEEDED.items()
    for name, (change, words) in seeds.items()
]


@pytest.mark.parametrize(("rule", "change", "words"), CASES)
def test_a_seeded_violation_is_reported(rule: str, change: Change, words: str) -> None:
    fresh = set(RULES[rule](change(REAL))) - set(RULES[rule](REAL))
    assert any(words in problem for problem in fresh), fresh


def test_every_rule_has_a_seeded_violation() -> None:
    assert SEEDED.keys() == RULES.keys()
    assert all(SEEDED.values())
