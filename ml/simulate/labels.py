"""What people found out, and when: the only labels a detector ever sees.

Reviewers look at the top of an older rule score and at a random sample, and then at
whoever shares a card, a device or a telephone with what they confirmed; some fraud is
never labelled, some honest accounts are mislabelled, everything takes days, and after
some weeks partners name whole rings.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from dataclasses import dataclass, replace
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
_TIPPED = 0.25  # of the early rings
_FOLLOWED, _IS_FOLLOWED = ("print", "signup_device_id", "phone", "signup_ip"), 0.8
_ROUNDS = 3  # of following what was found
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

    def only(self, rows: NDArray[Any]) -> "Findings":
        """Return these rows, in this order."""
        return Findings(*(getattr(self, name)[rows] for name in _COLUMNS))


_COLUMNS = tuple(Findings.__dataclass_fields__)


def joined(parts: list[Findings]) -> Findings:
    """Return the rows of all parts, one after another."""
    return Findings(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS)
    )


def outcome_rows(scene: Scene, said: Columns, tier: Tier) -> pa.Table:
    """Return the outcomes table by the time at which each label was known."""
    rng = scene.setting.seeds.rng("labels")
    found = [_reviews(scene, said, tier, rng), _audits(scene, tier, rng)]
    traces = [_same_values(said[name]) for name in _FOLLOWED]
    for _ in range(_ROUNDS):
        found.append(_followed(scene, traces, found, rng))
    found += [
        _chargebacks(scene, rng),
        _tips(scene, rng),
        _appeals(scene, rng),
    ]
    told = joined(found)
    told = told.only((told.known < DAYS) & (told.observed >= 0))
    known_us = microseconds(told.known)
    keys = mix(scene.key, 61, told.account, known_us)
    order = np.lexsort((keys, known_us))
    told = told.only(order)
    abuse = told.label == "confirmed_abuse"
    subtype = np.where(
        (scene.plans["class"][told.account] == OTHER_FRAUD) & abuse,
        "other-fraud",
        kept(abuse, np.full(len(abuse), "distillation")),
    )
    return pa.table(
        {
            "outcome_id": arrow.hex_texts(keys[order], "out_"),
            "account_id": arrow.hex_texts(scene.account_ids[told.account], "acc_"),
            "label": text(told.label),
            "subtype": text(subtype),
            "source": text(told.source),
            "observed_at": arrow.times(microseconds(told.observed), scene.origin),
            "known_at": arrow.times(microseconds(told.known), scene.origin),
            "ring": text(told.ring),
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


def _same_values(given: NDArray[Any]) -> NDArray[np.int64]:
    """Return a number for each value, 0 where nothing was given; equal for equal."""
    values = np.array([str(value or "") for value in given])
    return np.unique(np.append(values, ""), return_inverse=True)[1][:-1]


def _followed(
    scene: Scene,
    traces: list[NDArray[np.int64]],
    looked_at: list[Findings],
    rng: np.random.Generator,
) -> Findings:
    """Look at whoever shares a trace with a confirmed account, some days after.

    `traces` are values by number, a column a kind. People follow what they see, before
    the finding is written down.
    """
    n = len(scene.account_ids)
    seen, fresh = np.full(n, np.inf), np.ones(n, bool)
    for part in looked_at:
        abuse = part.label == "confirmed_abuse"
        np.minimum.at(seen, part.account[abuse], part.observed[abuse])
        fresh[part.account] = False
    led = np.full(n, np.inf)
    for value in traces:
        first = np.full(int(value.max()) + 1, np.inf)
        np.minimum.at(first, value, seen)
        first[0] = np.inf  # what nobody gave is no trace
        led = np.minimum(led, first[value])
    rows = np.flatnonzero(fresh & (led < DAYS) & (rng.random(n) < _IS_FOLLOWED))
    begun = np.maximum(scene.plans["active_from"][rows], 0)
    when = np.maximum(led[rows], begun) + rng.exponential(3, len(rows))
    found = _findings(scene, rng, rows, "investigation", when)
    return replace(found, known=when + rng.exponential(2, len(rows)))


def _tips(scene: Scene, rng: np.random.Generator) -> Findings:
    """Let partners name the accounts of some early rings, two months after."""
    plans = scene.plans
    early = np.unique(
        plans["ring"][(plans["class"] == RING) & (plans["work_from"] < 40)]
    )
    if not len(early):
        return _nothing()
    count = max(1, round(len(early) * _TIPPED))
    parts = [
        _tip(scene, rng, int(ring), f"tip-{number}")
        for number, ring in enumerate(rng.choice(early, count, replace=False), 1)
    ]
    return joined(parts)


def _tip(scene: Scene, rng: np.random.Generator, ring: int, name: str) -> Findings:
    plans = scene.plans
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
        np.full(n, name, object),
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
