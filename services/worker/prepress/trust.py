"""How far a mask can be trusted: the share of its ink that it is unsure of, and what may follow from it.

Hardening a wrong mask gives a clean-looking wrong picture, so this number stays with the design. Measured: .08 to .09
for a car and a person by a small network, .05 for a drawing by a large one, .64 for plants it half believed in. The
limits are judgement. A file that asks is the moment for another network, or for a paid provider.
"""

from collections.abc import Sequence

from shared.models.print_edges import Gate

_UNSURE = (26, 230)  # alpha of .1 to .9
_COMPARE_FROM, _ASK_FROM = 0.15, 0.35
_MOST_CHANGE = 0.10  # of the area of ink


def uncertain(histogram: Sequence[int]) -> float:
    """From the counts of alpha 0 to 255, the share of ink that is neither nearly clear nor nearly opaque."""
    return sum(histogram[_UNSURE[0] : _UNSURE[1]]) / max(1, sum(histogram[_UNSURE[0] :]))


def gate(unsure: float, ink_change: float) -> Gate:
    """`ink_change` is the area of ink that print edges added or took away, as a share of it."""
    if unsure > _ASK_FROM or abs(ink_change) > _MOST_CHANGE:
        return Gate.ASK
    return Gate.COMPARE if unsure >= _COMPARE_FROM else Gate.APPLY
