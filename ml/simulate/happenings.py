"""Events: log-ins, payments, verifications, plan changes, actions, support."""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

import json
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml.simulate import arrow
from ml.simulate.addresses import addresses, texts
from ml.simulate.clock import DAYS, microseconds
from ml.simulate.honest import OTHER_FRAUD, RING
from ml.simulate.levels import EVERY_LEVEL
from ml.simulate.networks import SLOT_FIELDS
from ml.simulate.scene import Scene
from ml.simulate.seeds import Columns, mix, pick

_SERVER_NETS = ("cloud", "cloud_wide", "gateway")
_CURRENCY = "USD"
_AMOUNTS = (500, 1000, 2000, 2500, 5000, 10_000)
Found = tuple[NDArray[np.int64], NDArray[np.float64], list[str]]


def event_rows(scene: Scene, said: Columns) -> pa.Table:
    """Return all events by time; `data` is JSON text."""
    makers = {
        "login": _logins,
        "payment.succeeded": _payments,
        "payment.failed": _failures,
        "payment.disputed": _disputes,
        "verification.completed": _verifications,
        "action.taken": _actions,
        "support.contact": _contacts,
    }
    who, when, what, data = [], [], [], []
    for name, maker in makers.items():
        rows, days, texts_ = maker(scene, said, scene.setting.seeds.rng("events", name))
        who.append(rows)
        when.append(days)
        what += [name] * len(rows)
        data += texts_
    account, days = np.concatenate(who), np.concatenate(when)
    at_us = microseconds(days)
    number = np.arange(len(account))
    keys = mix(scene.key, 51, account, at_us, number)
    order = np.lexsort((keys, at_us))
    order = order[(days[order] < DAYS) & (days[order] >= -400)]
    return pa.table(
        {
            "event_id": arrow.hex_texts(keys[order], "evt_"),
            "type": pa.array([what[at] for at in order], pa.string()),
            "occurred_at": arrow.times(at_us[order], scene.origin),
            "account_id": arrow.hex_texts(scene.account_ids[account[order]], "acc_"),
            "data": pa.array([data[at] for at in order], pa.string()),
        }
    )


def login_addresses(
    scene: Scene, who: NDArray[np.int64], days: NDArray[np.float64]
) -> NDArray[np.object_]:
    """Return from where people open the console: not from their servers."""
    plans = scene.plans
    second = np.isin(plans["a_kind"][who], _SERVER_NETS)
    slot = {
        name: np.where(second, plans[f"b_{name}"][who], plans[f"a_{name}"][who])
        for name in SLOT_FIELDS
    }
    return texts(*addresses(scene.setting.addresses, slot, who, days))


def _spread(
    scene: Scene, rng: np.random.Generator, per_week: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Draw moments in each account's life inside the 120 days and the month before."""
    start = np.maximum(scene.plans["created"], -30)
    span = np.maximum(np.minimum(scene.plans["active_to"], DAYS) - start, 0.01)
    count = np.minimum(rng.poisson(per_week * span / 7), 40)
    who = np.repeat(np.arange(len(span)), count)
    return who, start[who] + rng.random(len(who)) * span[who]


def _logins(scene: Scene, said: Columns, rng: np.random.Generator) -> Found:
    plans = scene.plans
    n = len(plans["created"])
    level = plans["level"]
    lazy = [min(0.4 + 0.12 * at, 1.0) for at in range(len(EVERY_LEVEL))]
    lazy_of = np.array([*lazy, 1.0])[level]
    who, days = _spread(scene, rng, rng.gamma(0.9, 0.7, n) * lazy_of)
    who = np.concatenate([np.arange(n), who])
    days = np.concatenate([plans["created"] + rng.exponential(0.003, n), days])
    ip = login_addresses(scene, who, days)
    succeeded, mfa = rng.random(len(who)) < 0.96, rng.random(n) < 0.25
    keep = {name: said[f"signup_{name}"] for name in ("device_id", "user_agent", "ja4")}
    rows = []
    for at, account in enumerate(who):
        row = {name: values[account] for name, values in keep.items()}
        row |= {"ip": ip[at], "success": bool(succeeded[at]), "mfa": bool(mfa[account])}
        rows.append(_json(row))
    return who, days, rows


def _charges(
    scene: Scene, said: Columns, rng: np.random.Generator, per_week: NDArray[np.float64]
) -> Found:
    plans = scene.plans
    per_week = np.where(np.isin(said["payment_type"], ["card", "bank"]), per_week, 0)
    who, days = _spread(scene, rng, per_week)
    usual = rng.integers(0, len(_AMOUNTS), len(plans["created"]))
    one_amount = mix(scene.key, 52, plans["ring"]) % np.uint64(len(_AMOUNTS))
    machine = (plans["level"] <= 2) & (plans["ring"] >= 0)
    usual = np.where(machine, one_amount.astype(np.int64), usual)
    stray = rng.random(len(who)) < 0.3
    choice = np.where(stray, rng.integers(0, len(_AMOUNTS), len(who)), usual[who])
    rows = [
        _json(
            {
                "fingerprint": said["print"][account],
                "amount_minor": _AMOUNTS[at],
                "currency": _CURRENCY,
            }
        )
        for account, at in zip(who, choice, strict=True)
    ]
    return who, days, rows


def _payments(scene: Scene, said: Columns, rng: np.random.Generator) -> Found:
    rate = 0.15 + rng.gamma(0.8, 0.3, len(scene.account_ids))
    return _charges(scene, said, rng, rate)


def _failures(scene: Scene, said: Columns, rng: np.random.Generator) -> Found:
    n = len(scene.account_ids)
    shaky = np.isin(said["funding"], ["prepaid", "virtual"])
    rate = rng.gamma(0.3, 0.15, n) + 0.1 * shaky
    testing = (scene.plans["class"] == OTHER_FRAUD) & (rng.random(n) < 0.4)
    return _charges(scene, said, rng, np.where(testing, rate + 4, rate))


def _disputes(scene: Scene, said: Columns, rng: np.random.Generator) -> Found:
    n = len(scene.account_ids)
    rate = np.where(scene.plans["class"] == OTHER_FRAUD, 0.25, 0.0008)
    who, days, rows = _charges(scene, said, rng, rate * np.ones(n))
    return who, days + rng.gamma(2, 10, len(days)), rows


def _verifications(scene: Scene, said: Columns, rng: np.random.Generator) -> Found:
    chance = np.where(said["contract"], 0.8, 0.08)
    who = np.flatnonzero(rng.random(len(chance)) < chance)
    days = scene.plans["created"][who] + rng.exponential(4, len(who))
    result = pick(rng, len(who), {"passed": 0.9, "failed": 0.06, "expired": 0.04})
    method = pick(rng, len(who), {"document": 0.6, "document_liveness": 0.4})
    rows = [
        _json({"method": how, "result": what, "provider": "idcheck"})
        for how, what in zip(method, result, strict=True)
    ]
    return who, days, rows


def _actions(scene: Scene, _: Columns, __: np.random.Generator) -> Found:
    """Report what the provider's older rules did: they catch the loud."""
    plans = scene.plans
    closed = np.flatnonzero(plans["suspended"] < DAYS)
    limited = np.flatnonzero(plans["limited"] < DAYS)
    who = np.concatenate([closed, limited])
    days = np.concatenate([plans["suspended"][closed], plans["limited"][limited]])
    action = ["suspend"] * len(closed) + ["limit"] * len(limited)
    return who, days, [_json({"action": name}) for name in action]


def _contacts(scene: Scene, _: Columns, rng: np.random.Generator) -> Found:
    n = len(scene.account_ids)
    who, days = _spread(scene, rng, np.full(n, 0.02))
    hit = np.flatnonzero(
        (scene.plans["limited"] < DAYS) & (scene.plans["class"] != RING)
    )
    who = np.concatenate([who, hit])
    days = np.concatenate(
        [days, scene.plans["limited"][hit] + rng.exponential(1, len(hit))]
    )
    return who, days, ["{}"] * len(who)


def _json(row: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in row.items() if value is not None})
