"""A lock names every extra that a locked package asks for, as pip older than 24 demands of a hashed lock.

Where a lock pins `coverage` and pytest-cov asks for `coverage[toml]`, an older pip takes the newest `coverage[toml]` of
the index, finds that the lock has no hash for it, and refuses to install.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_PIN = re.compile(r"^([\w.-]+)(?:\[([\w, .-]*)\])?==", re.MULTILINE)
_TARGETS = [
    {"python_version": version, "python_full_version": f"{version}.0", "sys_platform": system}
    for version, system in itertools.product(("3.11", "3.12", "3.13", "3.14"), ("linux", "darwin"))
]


def unnamed_extras(lock: str) -> list[str]:
    """Describe each extra that installed metadata asks for and `lock`, the text of a lock file, does not name."""
    pinned = _pinned(lock)
    return sorted(
        f"{name} asks for {wanted.name}[{extra}]"
        for name, extras in pinned.items()
        for wanted in _requirements(name, extras)
        for extra in wanted.extras - pinned.get(canonicalize_name(wanted.name), frozenset(wanted.extras))
    )


def _pinned(lock: str) -> Mapping[str, frozenset[str]]:
    extras: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for name, named in _PIN.findall(lock):
        extras[canonicalize_name(name)] |= frozenset(re.split(r",\s*", named)) if named else frozenset()
    return extras


def _requirements(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    """Yield what the installed package requires with these extras on any platform that the locks serve."""
    try:
        written = requires(name) or []
    except PackageNotFoundError:  # locked for another platform
        return
    for requirement in map(Requirement, written):
        if requirement.extras and _applies(requirement, extras):
            yield requirement


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(
        marker.evaluate({**target, "extra": extra}) for target in _TARGETS for extra in ("", *extras)
    )
