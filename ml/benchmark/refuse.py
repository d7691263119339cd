"""Results that are not counted: they come from a mistake, or from a trick."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from ml.benchmark.read import Account, Export

_GIANT_SHARE: Final = 0.02  # of all accounts, in one ring
_GIANT_TIMES: Final = 2.0  # as large as the largest ring that exists


class RefusedError(ValueError):
    """A result that says nothing about detection; the message says why."""


def threshold_on_test(validation: Sequence[Export], test: Sequence[Export]) -> None:
    """Refuse a threshold that was set on days that are tested."""
    if not validation or not test:
        raise RefusedError("A result needs scores of validation days and of test days.")
    last = max(export.as_of for export in validation)
    first = min(export.as_of for export in test)
    if last >= first:
        raise RefusedError(
            f"The threshold would be set on the test period: validation ends on"
            f" {last:%Y-%m-%d}, the test begins on {first:%Y-%m-%d}."
        )


def future_reading(whole: Export, cut: Export) -> None:
    """Refuse scores that change when everything after their moment is taken away."""
    if whole.as_of != cut.as_of:
        raise RefusedError("The two exports are of different moments.")
    if whole.scores.keys() != cut.scores.keys():
        raise RefusedError("Without the future other accounts are scored.")
    changed = sum(cut.scores[name] != score for name, score in whole.scores.items())
    if changed:
        raise RefusedError(
            f"{changed} of {len(whole.scores)} scores read the future: they change when"
            f" the rows after {whole.as_of:%Y-%m-%d} are cut off."
        )


def giant_ring(truth: Sequence[Account], found: Mapping[str, str]) -> None:
    """Refuse one ring that holds everybody: it would reach every recall."""
    if not found:
        return
    ring, size = Counter(found.values()).most_common(1)[0]
    largest = max(Counter(one.ring for one in truth if one.ring).values(), default=0)
    if size > max(_GIANT_TIMES * largest, _GIANT_SHARE * len(truth)):
        raise RefusedError(
            f"Ring {ring} holds {size} of {len(truth)} accounts; the largest real ring"
            f" has {largest}."
        )
