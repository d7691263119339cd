"""What people found out, and when: the only labels a detector ever sees.

Reviewers look at the top of an older rule score and at a random sample; some fraud is
never labelled, some honest accounts are mislabelled, everything takes days, and after
some weeks a partner names one whole ring.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml.simulate import arrow
from ml.simulate.clock import DAYS, microseconds
from ml.simulate.honest import HONEST, OTHER_FRAUD, RING
from ml.simulate.records import text
from ml.simulate.scene import Scene
from ml.simulate.seeds import Columns, Numbers, kept, mix
from ml.simulate.tiers import Tier

_NEVER_LABELLED, _MISTAKEN, _MISTAKEN_BIASED = 0.15, 0.001, 0.004
_BIASED_GROUP = 3
_TIP_AFTER = 60.0
_FREE_MAIL = ("free", "disposable", "alias")


@dataclass(frozen=True, slots=True)
class Findings:
    """Rows of outcomes, [n]: account, label, source, days observed and known."""

    account: NDArray[np.int64]
    label: NDArray[np.object_]
    source: NDArray[np.object_]
    observed: Numbers
    known: Numbers
    ring: NDArray[np.object_]


def outcome_rows(scene: Scene, said: Columns, tier: Tier) -> pa.Table:
    """Return the outcomes table by the time at which each label was known."""
    rng = scene.setting.seeds.rng("labels")
    found = [
        _reviews(scene, said, tier, rng),
        _audits(scene, tier, rng),
        _chargebacks(scene, rng),
        _tip(scene, rng),
        _appeals(scene, rng),
    ]
    joined = {
        name: np.concatenate([getattr(part, name) for part in found])
        for name in Findings.__dataclass_fields__
    }
    inside = (joined["known"] < DAYS) & (joined["observed"] >= 0)
    joined = {name: values[inside] for name, values in joined.items()}
    known_us = microseconds(joined["known"])
    keys = mix(scene.key, 61, joined["account"], known_us)
    order = np.lexsort((keys, known_us))
    joined = {name: values[order] for name, values in joined.items()}
    abuse = joined["label"] == "confirmed_abuse"
    subtype = np.where(
        (scene.plans["class"][joined["account"]] == OTHER_FRAUD) & abuse,
        "other-fraud",
        kept(abuse, np.full(len(abuse), "distillation")),
    )
    return pa.table(
        {
            "outcome_id": arrow.hex_texts(keys[order], "out_"),
            "account_id": arrow.hex_texts(scene.account_ids[joined["account"]], "acc_"),
            "label": text(joined["label"]),
            "subtype": text(subtype),
            "source": text(joined["source"]),
            "observed_at": arrow.times(microseconds(joined["observed"]), scene.origin),
            "known_at": arrow.times(microseconds(joined["known"]), scene.origin),
            "ring": text(joined["ring"]),
        }
    )


def _judged(
    scene: Scene, rng: np.random.Generator, rows: NDArray[np.int64]
) -> NDArray[np.object_]:
    """Return what a reviewer concludes about each account."""
    fraud = scene.plans["class"][rows] != HONEST
    biased = scene.setting.places.group[scene.plans["country"][rows]] == _BIASED_GROUP
    chance = rng.random(len(rows))
    missed = fraud & (chance < _NEVER_LABELLED)
    wrong = ~fraud & (chance < np.where(biased, _MISTAKEN_BIASED, _MISTAKEN))
    unsure = ~fraud & (chance > 0.93)
    label = np.where(fraud | wrong, "confirmed_abuse", "confirmed_legitimate")
    return np.where(missed | unsure, "inconclusive", label).astype(object)


def _findings(
    scene: Scene, rng: np.random.Generator, rows: NDArray[np.int64], source: str,
    observed: Numbers,
) -> Findings:  # fmt: skip
    return Findings(
        rows,
        _judged(scene, rng, rows),
        np.full(len(rows), source, object),
        observed,
        observed + rng.gamma(2, 5, len(rows)),
        np.full(len(rows), None, object),
    )


def legacy_score(scene: Scene, said: Columns) -> Numbers:
    """Return the older rule score: points for what looks bad at first sight."""

    def crowd(values: NDArray[Any]) -> Numbers:
        given = np.array([str(value) for value in values])
        _, where, count = np.unique(given, return_inverse=True, return_counts=True)
        return np.minimum(count[where] - 1, 8).astype(float)

    kind = scene.plans["a_kind"]
    score = 2.0 * (said["mail_class"] == "disposable") + 0.3 * np.isin(
        said["mail_class"], _FREE_MAIL
    )
    score += 1.2 * np.isin(kind, ["vpn", "tor"]) + 0.3 * (kind == "cloud")
    score += 1.0 * np.isin(said["funding"], ["prepaid", "virtual"])
    score += 0.4 * crowd(said["print"]) + 0.25 * crowd(said["signup_ip"])
    score += 0.8 * (said["form_ms"] < 4_000)
    return score - 2.0 * said["contract"]


def _reviews(
    scene: Scene, said: Columns, tier: Tier, rng: np.random.Generator
) -> Findings:
    score = legacy_score(scene, said)
    score = score + rng.normal(0, 1.2, len(score))
    seen_from = np.maximum(scene.plans["active_from"], 0) + 0.5
    waiting = np.ones(len(score), bool)
    rows, days = [], []
    for day in range(1, DAYS):
        open_now = np.flatnonzero(
            waiting & (seen_from < day) & (scene.plans["active_to"] > day - 20)
        )
        best = open_now[
            np.argsort(-score[open_now], kind="stable")[: tier.reviews_per_day]
        ]
        waiting[best] = False
        rows.append(best)
        days.append(day + rng.random(len(best)))
    return _findings(
        scene, rng, np.concatenate(rows), "investigation", np.concatenate(days)
    )


def _audits(scene: Scene, tier: Tier, rng: np.random.Generator) -> Findings:
    rows = rng.choice(len(scene.account_ids), tier.audits, replace=False)
    start = np.maximum(scene.plans["active_from"][rows], 0)
    return _findings(
        scene, rng, rows, "random_audit", start + rng.uniform(1, 40, len(rows))
    )


def _chargebacks(scene: Scene, rng: np.random.Generator) -> Findings:
    fraud = scene.plans["class"] == OTHER_FRAUD
    rows = np.flatnonzero(rng.random(len(fraud)) < np.where(fraud, 0.3, 0.001))
    when = np.maximum(scene.plans["active_from"][rows], 0) + rng.uniform(
        1, 15, len(rows)
    )
    n = len(rows)
    return Findings(
        rows,
        np.full(n, "chargeback", object),
        np.full(n, "chargeback", object),
        when,
        when + rng.gamma(9, 5, n),
        np.full(n, None, object),
    )


def _tip(scene: Scene, rng: np.random.Generator) -> Findings:
    """Let a partner name the accounts of one early ring, after two months."""
    plans = scene.plans
    early = np.unique(
        plans["ring"][(plans["class"] == RING) & (plans["work_from"] < 40)]
    )
    if not len(early):
        return _nothing()
    ring = int(rng.choice(early))
    rows = np.flatnonzero((plans["ring"] == ring) & (plans["created"] < _TIP_AFTER))
    start = float(plans["work_from"][rows].min())
    known = min(start + _TIP_AFTER, 68.0) + rng.random(len(rows)) * 0.1
    n = len(rows)
    return Findings(
        rows,
        np.full(n, "confirmed_abuse", object),
        np.full(n, "partner_tip", object),
        known - 0.2,
        known,
        np.full(n, "tip-1", object),
    )


def _nothing() -> Findings:
    none, days = np.zeros(0, np.int64), np.zeros(0)
    return Findings(none, none.astype(object), none.astype(object), days, days,
                    none.astype(object))  # fmt: skip


def _appeals(scene: Scene, rng: np.random.Generator) -> Findings:
    plans = scene.plans
    rows = np.flatnonzero((plans["limited"] < DAYS) & (plans["class"] == HONEST))
    rows = rows[rng.random(len(rows)) < 0.7]
    when = plans["limited"][rows] + rng.exponential(3, len(rows))
    n = len(rows)
    return Findings(
        rows,
        np.full(n, "appeal_upheld", object),
        np.full(n, "investigation", object),
        when,
        when + rng.gamma(2, 2, n),
        np.full(n, None, object),
    )
