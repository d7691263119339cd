"""Which calibrator has the lowest log-loss on worlds that nothing was fitted on.

Reads the worlds that `manage.py build_starter DIR` keeps; the last four are held out.
First the starter's own calibration: trees of half of the other worlds, calibrators of
the other half. Then a site's random audits: each held-out world is a site of which some
accounts were audited, and the shipped models' margins are read by those. Accounts are
weighted, or thinned, to a base rate. Writes bench/results/calibrators.json.

Example: .venv/bin/python bench/calibrators.py /tmp/worlds --repeats 20
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import report
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from ml import calibrate, evaluate, holdout, train  # noqa: E402 - needs path
from ml.calibrate import Calibration, HeldOut  # noqa: E402
from ml.dataset import TrainingRows, describe, filled  # noqa: E402
from ml.features import FEATURES, catalogue_hash  # noqa: E402
from ml.starter import BASE_RATE, audits, build, worlds  # noqa: E402
from ml.starter.shipped import shipped  # noqa: E402
from ml.starter.worlds import Moment, World  # noqa: E402

Floats = NDArray[np.float64]
HELD_OUT = 4
SIZES = (300, 1000)  # audits of a site
RATES = (0.01, 0.05)  # of abuse among a site's accounts
AT_ENTRY = {"account_age_days"}  # no input of an entry model
CUTOFF = datetime(2026, 11, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worlds", type=Path)
    parser.add_argument("--repeats", type=int, default=20)
    given = parser.parse_args()
    known = [worlds.load(path) for path in sorted(given.worlds.glob("*.npz"))]
    figures = {}
    for kind in ("entry", "activity"):
        figures[kind] = {
            "starter": starter(kind, known),
            "sites": list(sites(kind, known[-HELD_OUT:], given.repeats)),
        }
        print(kind, "starter", figures[kind]["starter"])
        for one in figures[kind]["sites"]:
            print(kind, one)
    print(report.write("calibrators", seed=0, figures=figures))


def starter(kind: str, known: Sequence[World]) -> dict[str, float]:
    """Return log-losses at the starter's base rate on the held-out worlds."""
    config = train.TrainConfig(
        kind=kind,
        features=build.one_way(readable(kind)),
        mutable=frozenset(),
        cutoff=CUTOFF,
        seed=0,
        threads=1,
        parameters=build.PARAMETERS,
    )
    early, late, unseen = (
        build.pooled(part, config, copies=1)
        for part in (known[:-HELD_OUT:2], known[1:-HELD_OUT:2], known[-HELD_OUT:])
    )
    features, excluded = describe(early, config.features)
    text = train.grow(filled(early, features), early, features, config)
    bare = train.bare_model(config, early, features, excluded, text)
    fitted, asked = (
        weighed(rows, bare.margins(bare.values(rows.frame)), BASE_RATE)
        for rows in (late, unseen)
    )
    return losses(fitted, asked, ("none", "shift", "beta"))


def sites(
    kind: str, unseen: Sequence[World], repeats: int
) -> Iterator[dict[str, float | int]]:
    """Yield mean log-losses on the accounts that were not audited."""
    model = shipped(kind, catalogue=catalogue_hash())
    before = model.manifest.calibration
    for rate in RATES:
        for size in SIZES:
            found = []
            for world in unseen:
                rows = people(world, kind)
                margins = model.margins(model.values(rows.frame))
                for repeat in range(repeats):
                    rng = np.random.default_rng([world.seed, size, repeat])
                    site = thinned(rows, margins, rate, rng)
                    found.append(audited(site, before, size, rate, rng))
            mean = {name: mean_of(found, name) for name in found[0]}
            yield {"rate": rate, "audits": size, "draws": len(found)} | mean


def mean_of(found: Sequence[dict[str, float]], name: str) -> float:
    return float(np.mean([one[name] for one in found]))


def people(world: World, kind: str) -> TrainingRows:
    """Return everybody whom the model is asked about at the world's end."""
    rows = build.rows_of(world, everybody(world.moments["activity"][-1]))
    return rows.rows(rows.frame.has_usage == (kind == "activity"))


def everybody(moment: Moment) -> Moment:
    """Return a moment of which every account is read, at work or not."""
    return replace(moment, chosen=np.ones(len(moment.chosen), dtype=bool))


def thinned(
    rows: TrainingRows, margins: Floats, rate: float, rng: np.random.Generator
) -> HeldOut:
    """Keep all honest accounts, and as much abuse as makes the rate."""
    abusive = np.flatnonzero(rows.targets == 1.0)
    honest = np.flatnonzero(rows.targets == 0.0)
    wanted = min(round(len(honest) * rate / (1.0 - rate)), len(abusive))
    kept = np.concatenate([honest, rng.choice(abusive, wanted, replace=False)])
    ones = np.ones(len(kept))
    folds = rng.integers(0, calibrate.FOLDS, len(kept))
    return HeldOut(margins[kept], rows.targets[kept], ones, folds, ones)


def audited(
    site: HeldOut,
    before: Calibration,
    size: int,
    rate: float,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Fit on drawn accounts, ask about the others, at the rate among all of them."""
    drawn = np.zeros(len(site.labels), dtype=bool)
    drawn[rng.permutation(len(drawn))[: min(size, len(drawn) // 2)]] = True
    fitted, rest = site.rows(drawn), site.rows(~drawn)
    share = float(rest.labels.mean())
    weights = np.where(rest.labels == 1.0, rate / max(share, 1e-9), 1.0)
    asked = HeldOut(rest.margins, rest.labels, weights, rest.folds, rest.cover)
    found = losses(fitted, asked, ("none", "shift", "beta"))
    abuse = int(fitted.labels.sum())
    product = audits.reread(before, fitted, min(abuse, len(fitted.labels) - abuse))
    alone = msgspec.structs.replace(before, c=before.c + audits.leaning(before, fitted))
    return found | {
        name: loss(
            asked, np.array([one.probability(m) for m in asked.margins.tolist()])
        )
        for name, one in (
            ("none", before),
            ("shift with a prior", alone),
            ("beta with priors", product),
        )
    }


def weighed(rows: TrainingRows, margins: Floats, rate: float) -> HeldOut:
    abusive = rows.targets == 1.0
    factor = rate / (1.0 - rate) * rows.shares[~abusive].sum()
    weights = np.where(
        abusive, rows.shares * factor / rows.shares[abusive].sum(), rows.shares
    )
    folds = holdout.folds(rows.groups)
    return HeldOut(margins, rows.targets, weights, folds, np.ones(len(margins)))


def losses(
    fitted: HeldOut, asked: HeldOut, methods: Sequence[calibrate.Method]
) -> dict[str, float]:
    found = {
        name: loss(asked, calibrate.applied(fitted, name, asked.margins))
        for name in methods
    }
    return found | {"venn_abers": loss(asked, venn_abers(fitted, asked.margins))}


def loss(asked: HeldOut, said: Floats) -> float:
    return evaluate.log_loss(asked.labels, said, asked.weights)


def venn_abers(fitted: HeldOut, asked: Floats) -> Floats:
    """Return inductive Venn-Abers probabilities (Vovk, Petej and Fedorova 2015).

    Isotonic regression on the calibration accounts and the asked one, once as honest
    and once as abusive, gives p0 and p1; p1 / (1 - p0 + p1) is the probability that
    has the smallest regret in log-loss. The asked account weighs what others do.
    """
    values, at = np.unique(fitted.margins, return_inverse=True)
    weight = np.bincount(at, fitted.weights)
    positive = np.bincount(at, fitted.weights * fitted.labels)
    one = float(fitted.weights.mean())
    place = np.searchsorted(values, asked)
    known = np.append(values, np.nan)[place] == asked
    cells, back = np.unique(2 * place + known, return_inverse=True)
    merged = [merge(positive, weight, one, *divmod(int(cell), 2)) for cell in cells]
    return np.array(merged)[back]


def merge(
    positive: Floats, weight: Floats, one: float, place: int, known: int
) -> float:
    """Put one more account at a place, of its own or with equal margins, both ways."""
    if not known:
        positive, weight = (np.insert(each, place, 0.0) for each in (positive, weight))
    more = np.zeros(len(weight))
    more[place] = one
    low, high = (
        isotonic((positive + add) / (weight + more), weight + more)[place]
        for add in (0.0, more)
    )
    return float(high / (1.0 - low + high))


def isotonic(rates: Floats, weights: Floats) -> Floats:
    from scipy.optimize import isotonic_regression

    result: Floats = isotonic_regression(rates, weights=weights).x
    return result


def readable(kind: str) -> list:
    if kind == "activity":
        return list(FEATURES)
    return [
        one for one in FEATURES if one.group == "entry" and one.name not in AT_ENTRY
    ]


if __name__ == "__main__":
    main()
