"""What a ring pass costs, in seconds of processor time, and one that goes on from it.

Wants a KYCRISK_HOME into which a world was imported. Full passes over an eighth, a
quarter, half and all of the accounts give the exponent of the cost; then a pass up to
some facts before the end is gone on from with those facts alone. The pass that goes on
is also compared with one by the same rates that compares everybody again.

Example: KYCRISK_HOME=/tmp/home .venv/bin/python bench/rings.py --as-of 2026-11-01
"""

import json
import resource
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import numpy as np
import report
from commands import ROOT, ready, world_options
from touched import touched_since

PARTS = (8, 4, 2)
FACTS = (1_000, 10_000)


def main() -> None:
    options = world_options(__doc__)
    ready()
    as_of = options.as_of
    sizes = _sizes(as_of)
    figures = {
        "full": sizes,
        "exponents": _exponents(sizes),
        "going_on": [_going_on(as_of, facts) for facts in FACTS],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    path = report.write("rings", seed=options.seed, figures=figures)
    print(json.dumps(figures, indent=2), f"\nwritten to {path.relative_to(ROOT)}")


def _sizes(as_of: datetime) -> list[dict]:
    from apps.signals.selectors import known_account_ids, open_engine
    from ml.rings.passes import full_pass

    names = known_account_ids().to_pylist()
    found = []
    for part in (*PARTS, 1):
        chosen = [name for name in names if crc32(name.encode()) % part == 0]
        with open_engine(
            as_of=as_of, account_ids=None if part == 1 else chosen
        ) as engine:
            one, cost = _timed(lambda e=engine: full_pass(e.backend, as_of=as_of))
        found.append(
            {"accounts": len(chosen), "links": len(one.links.account), "cpu_s": cost}
        )
    return found


def _exponents(sizes: list[dict]) -> list[float]:
    """Return by which power of the accounts the cost grew from size to size."""
    counts = np.log([one["accounts"] for one in sizes])
    costs = np.log([one["cpu_s"] for one in sizes])
    return np.round(np.diff(costs) / np.diff(counts), 2).tolist()


def _going_on(as_of: datetime, facts: int) -> dict:
    from apps.signals.selectors import open_engine
    from ml.rings.passes import full_pass, step

    with ExitStack() as engines:

        def tables(moment: datetime, accounts: list[str] | None = None) -> Any:
            opened = open_engine(as_of=moment, account_ids=accounts)
            return engines.enter_context(opened).backend

        since = _moment(tables(as_of), facts)
        last, full = _timed(lambda: full_pass(tables(since), as_of=since))
        touched = touched_since(tables(as_of), since)
        one, cost = _timed(
            lambda: step(
                last,
                tables(as_of, touched),
                as_of=as_of,
                touched=touched,
                usage_of=lambda accounts: tables(as_of, accounts),
            )
        )
        everyone = tables(as_of)
        names = everyone.table("accounts").account_id.to_pyarrow().to_pylist()
        every, again = _timed(
            lambda: step(
                last, everyone, as_of=as_of, touched=names, usage_of=lambda _: everyone
            )
        )
        found = {
            "facts": facts,
            "touched": len(touched),
            "accounts": len(names),
            "full_cpu_s": full,
            "cpu_s": cost,
            "ratio": round(cost / full, 3),
            "everybody_again_cpu_s": again,
        }
    return found | _equal(one, every, touched)


def _equal(one: Any, every: Any, touched: list[str]) -> dict:
    from ml.rings.find import rings_of

    codes = np.searchsorted(one.links.account_ids, touched)
    return {
        "pairs_of_the_touched_equal": _ends(one, codes) == _ends(every, codes),
        "rings": len(one.groups),
        "rings_equal": _members(rings_of(one)) == _members(rings_of(every)),
    }


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.process_time()
    done = work()
    return done, round(time.process_time() - started, 1)


def _moment(backend: Any, facts: int) -> datetime:
    """Return the moment after which that many exchanges came."""
    moments = backend.table("usage").occurred_at.to_pyarrow().to_numpy()
    at = np.partition(moments, len(moments) - facts)[len(moments) - facts]
    return at.astype("datetime64[us]").item().replace(tzinfo=UTC)


def _ends(one: Any, codes: np.ndarray) -> set[tuple]:
    pairs = one.pairs
    inside = np.isin(pairs.left, codes) | np.isin(pairs.right, codes)
    weights = map(tuple, pairs.parts[inside].tolist())
    return set(zip(pairs.left[inside], pairs.right[inside], weights, strict=True))


def _members(rings: list[Any]) -> list[frozenset[str]]:
    return [frozenset(one.account_id for one in ring.members) for ring in rings]


if __name__ == "__main__":
    main()
