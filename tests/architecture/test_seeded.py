"""Each rule reports violations seeded into the repository as it is, so a rule that cannot fail is noticed."""

import pytest

from tests.architecture import seeds_imports, seeds_places
from tests.architecture.rules import ROOT, RULES
from tests.architecture.seeding import Change, Seeds
from tests.architecture.tree import Tree

REAL = Tree.read(ROOT)

SEEDED: dict[str, Seeds] = {
    "owned-libraries": seeds_imports.OWNED,
    "names": seeds_imports.NAMES,
    "groups-equal-reach": seeds_imports.GROUPS,
    "quiet-imports": seeds_places.IMPORTS,
    "statements": seeds_places.STATEMENTS,
    "settings": seeds_places.SETTINGS,
    "queues": seeds_places.QUEUES,
    "routes": seeds_places.ROUTES,
    "metrics": seeds_places.METRICS,
    "sizes-of-files": seeds_places.SIZES,
    "docstrings": seeds_imports.DOCSTRINGS,
    "documents-make-targets": seeds_places.TARGETS,
    "documents-commands": seeds_places.COMMANDS,
    "documents-decisions": seeds_places.DECISIONS,
    "documents-links": seeds_places.LINKS,
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
