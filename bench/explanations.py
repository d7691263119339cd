"""How faithful and how stable the activity starter's explanations are.

Reads the worlds that `manage.py build_starter DIR` keeps, learns on all but the last
four as the starter is learned, and asks about these four: accounts with the highest
margins, which are those that people read about. Writes bench/results/explanations.json.

Example: .venv/bin/python bench/explanations.py /tmp/worlds
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import report
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from ml import train  # noqa: E402 - needs the path above
from ml.explain import LEAST_POINTS, POINTS  # noqa: E402 - as above
from ml.features import FEATURES  # noqa: E402 - as above
from ml.frames import FeatureFrame  # noqa: E402 - as above
from ml.model import RiskModel, row_sums  # noqa: E402 - as above
from ml.starter import build, worlds  # noqa: E402 - as above
from ml.starter.worlds import World  # noqa: E402 - as above

Floats = NDArray[np.float64]
HELD_OUT = 4
EXPLAINED = 500
SHOWN = 3  # families
DELETED = 4  # features
PLANTED = 300  # pairs of accounts for each family
LEAST = LEAST_POINTS / POINTS  # log-odds: less is never shown as a reason
CAUSE = 1.0  # log-odds: less moves no decision
NOISE = tuple(f"noise_{at}_count" for at in range(3))
FAMILY = {one.name: one.family for one in FEATURES} | dict.fromkeys(NOISE, "noise")


@dataclass(frozen=True)
class Noise:
    """A feature that means nothing."""

    name: str
    direction: int = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worlds", type=Path)
    paths = sorted(parser.parse_args().worlds.glob("*.npz"))
    known = [with_noise(worlds.load(path)) for path in paths]
    plain, other = learned(known, 0), learned(known, 1)
    noisy = learned(known, 0, noise=True)
    unseen = build.pooled(known[-HELD_OUT:], config(0), copies=1)
    margins = plain.margins(plain.values(unseen.frame))
    top = np.zeros(len(margins), dtype=bool)
    top[np.argsort(-margins, kind="stable")[:EXPLAINED]] = True
    rows = unseen.frame.rows(top)
    first = [one[0] for one in leading(plain, rows) if one]
    figures = {
        "worlds": len(known) - HELD_OUT,
        "explained": len(rows.account_ids),
        "abusive_among_explained": int(unseen.targets[top].sum()),
        "additivity": additivity(plain, rows),
        "stability": stability(plain, other, rows),
        "deletion": deletion(plain, rows, unseen.frame.rows(unseen.targets == 0.0)),
        "noise_in_top_3": float(np.mean(["noise" in a for a in leading(noisy, rows)])),
        "reason_entropy_bits": entropy(first),
        "first_reasons": dict(Counter(first).most_common()),
        "planted": planted(plain, plain.values(unseen.frame), unseen.targets),
    }
    for name, value in figures.items():
        print(f"{name}: {value}")
    print(report.write("explanations", seed=0, figures=figures))


def with_noise(world: World) -> World:
    """Add columns that mean nothing to every moment of activity."""
    rng = np.random.default_rng(world.seed)
    moments = []
    for moment in world.moments["activity"]:
        frame = moment.frame
        drawn = rng.poisson(1.0, (len(frame.account_ids), len(NOISE))).astype(float)
        wide = np.hstack([frame.values, drawn])
        frame = replace(frame, names=(*frame.names, *NOISE), values=wide)
        moments.append(replace(moment, frame=frame))
    return replace(world, moments={"activity": moments})


def config(seed: int, *, noise: bool = False) -> train.TrainConfig:
    """Return what the activity starter is learned with."""
    return train.TrainConfig(
        kind="activity",
        features=[*FEATURES, *(map(Noise, NOISE) if noise else ())],
        mutable=frozenset(),
        cutoff=datetime(2026, 11, 1, tzinfo=UTC),
        seed=seed,
        threads=1,
    )


def learned(known: Sequence[World], seed: int, *, noise: bool = False) -> RiskModel:
    lesson = build.Lesson(
        config(seed, noise=noise), known[:-HELD_OUT], known[-HELD_OUT:]
    )
    return build.learn(lesson)


def families(model: RiskModel, values: Floats) -> tuple[list[str], Floats]:
    """Return families and their contributions [n, families], as reasons take them.

    The part of a missing value belongs to no family that may be told.
    """
    answer = model.predict(values)
    parts = np.where(answer.missing, 0.0, answer.contributions[:, :-1])
    own = np.array([FAMILY[name] for name in model.names])
    order = sorted(set(own.tolist()))
    return order, np.stack([parts[:, own == each].sum(axis=1) for each in order], 1)


def leading(model: RiskModel, frame: FeatureFrame) -> list[tuple[str, ...]]:
    """Return the families that raise each account most, as far as they may be told."""
    order, sums = families(model, model.values(frame))
    best = np.argsort(-sums, axis=1, kind="stable")[:, :SHOWN]
    return [
        tuple(order[at] for at in row if sums[number, at] > LEAST)
        for number, row in enumerate(best)
    ]


def additivity(model: RiskModel, frame: FeatureFrame) -> float:
    """Return the largest gap between a margin and the sum of its parts."""
    answer = model.predict(model.values(frame))
    return float(np.abs(row_sums(answer.contributions) - answer.margins).max())


def stability(one: RiskModel, two: RiskModel, frame: FeatureFrame) -> float:
    """Return the mean Jaccard index of the leading families under two seeds."""
    pairs = zip(leading(one, frame), leading(two, frame), strict=True)
    found = [len({*a} & {*b}) / max(len({*a} | {*b}), 1) for a, b in pairs]
    return float(np.mean(found))


def deletion(
    model: RiskModel, frame: FeatureFrame, honest: FeatureFrame
) -> dict[str, float]:
    """Return how far the margin falls as features get values of honest accounts."""
    rng = np.random.default_rng(0)
    full, _ = model.fill(model.values(frame))
    donors, _ = model.fill(model.values(honest))
    answer = model.predict(full)
    order = np.argsort(-answer.contributions[:, :-1], axis=1, kind="stable")
    count, width = full.shape
    random = np.array([rng.permutation(width)[:DELETED] for _ in range(count)])
    falls = {}
    for name, choice in (("top", order[:, :DELETED]), ("random", random)):
        drops = []
        for _ in range(5):
            others = donors[rng.choice(len(donors), count)]
            changed = full.copy()
            rows = np.arange(count)[:, None]
            changed[rows, choice] = others[rows, choice]
            drops.append(answer.margins - model.margins(changed))
        falls[name] = float(np.mean(drops))
    return falls | {"ratio": falls["top"] / falls["random"]}


def planted(model: RiskModel, values: Floats, targets: Floats) -> dict[str, float]:
    """Give honest accounts one family of an abusive one and see what is named.

    Counted are plants that move the margin by CAUSE at least. Recall: the family is
    among the three that lead. Precision: of the families whose part rose by CAUSE, how
    many were planted.
    """
    rng = np.random.default_rng(0)
    own = np.array([FAMILY[name] for name in model.names])
    hits, listed, right = [], 0, 0
    for family in sorted(set(own.tolist())):
        base, donors = (
            model.fill(values[rng.choice(np.flatnonzero(targets == each), PLANTED)])[0]
            for each in (0.0, 1.0)
        )
        plant = np.where(own == family, donors, base)
        moved = model.margins(plant) - model.margins(base) >= CAUSE
        if not moved.any():
            continue
        order, sums = families(model, plant[moved])
        rise = sums - families(model, base[moved])[1]
        at = order.index(family)
        ranks = np.argsort(-sums, axis=1, kind="stable")[:, :SHOWN]
        hits += [at in row for row in ranks]
        listed += int(np.sum(rise >= CAUSE))
        right += int(np.sum(rise[:, at] >= CAUSE))
    return {
        "cases": len(hits),
        "recall": float(np.mean(hits)),
        "precision": right / max(listed, 1),
    }


def entropy(names: Sequence[str]) -> float:
    share = np.array(list(Counter(names).values())) / len(names)
    return float(-(share * np.log2(share)).sum())


if __name__ == "__main__":
    main()
