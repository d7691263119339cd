"""How well found rings match the real ones."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ml.benchmark.read import Account
from ml.benchmark.refuse import giant_ring

_CAUGHT_SHARE: Final = 0.5
_PURE: Final = 0.8


def match_rings(truth: Sequence[Account], found: Mapping[str, str]) -> dict[str, Any]:
    """Return B-cubed precision and recall over ring accounts, and rings caught.

    An account outside of found rings stands alone. A ring is caught when half of its
    accounts stand in one found ring of which four in five are its own.
    """
    giant_ring(truth, found)
    real = {one.account_id: one.ring for one in truth if one.ring}
    sizes = Counter(found.values())
    both: Counter[tuple[str, str]] = Counter(
        (real[name], ring) for name, ring in found.items() if name in real
    )
    members = Counter(real.values())
    precision, recall = 0.0, 0.0
    for name, ring in real.items():
        mine = found.get(name)
        together = both[ring, mine] if mine is not None else 1
        precision += together / (sizes[mine] if mine is not None else 1)
        recall += together / members[ring]
    return {
        "found": len(sizes),
        "accounts_in_found": len(found),
        "b_cubed_precision": precision / max(len(real), 1),
        "b_cubed_recall": recall / max(len(real), 1),
        "caught_by_level": _caught(truth, both, sizes, members),
    }


def _caught(
    truth: Sequence[Account],
    both: Mapping[tuple[str, str], int],
    sizes: Mapping[str, int],
    members: Mapping[str, int],
) -> dict[str, str]:
    level = {one.ring: one.level for one in truth if one.ring}
    caught = {
        ring
        for (ring, found), shared in both.items()
        if shared >= _CAUGHT_SHARE * members[ring] and shared >= _PURE * sizes[found]
    }
    rings: dict[str, list[str]] = defaultdict(list)
    for ring, name in level.items():
        rings[str(name)].append(str(ring))
    return {
        name: f"{len(caught & set(some))} of {len(some)}"
        for name, some in sorted(rings.items())
    }
