"""A snapshot as apps.assessments freezes it, over the real catalogue."""

import json
import math

from apps.reports.selectors import Human, ModelCard, Sources

BASE = -3.2
PARTS = {
    "is_disposable_email": (1.0, 0.9),
    "is_prepaid_payment": (1.0, 0.55),
    "is_hosting_signup": (1.0, 0.4),
    "accounts_per_device_count_30d": (6.0, 1.35),
    "account_age_days": (3.5, 0.2),
    "is_phone_verified": (0.0, 0.15),
    "is_under_contract": (None, -0.05),
}


def log_odds_to_probability(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))


def snapshot(**changes):
    """Return the snapshot of an invented account that is in a ring."""
    from ml.features import NAMES

    names = [name for name in PARTS if name in NAMES]
    names += [name for name in NAMES if name not in PARTS][: 24 - len(names)]
    parts = {
        name: PARTS.get(name, (2.0, 0.01 * at))[1] for at, name in enumerate(names)
    }
    margin = math.fsum([BASE, *parts.values()])
    own = log_odds_to_probability(margin * 0.9)
    joined = 1.0 - (1.0 - own) * (1.0 - 0.95 * 0.8)
    content = {
        "schema": 1,
        "assessment": _assessment(),
        "facts": _facts(),
        "features": {name: PARTS.get(name, (2.0, 0.0))[0] for name in names},
        "model": {"id": "mdl_entry", "version": 3, "sha256": "ab" * 32},
        "score": {
            "contributions": parts | {"base": BASE},
            "margin": margin,
            "own_probability": own,
            "interval": {"low": 0.72, "high": 0.96},
            "probability": joined,
            "ring": _ring(),
            "reasons": _reasons(),
        },
        "decision": _decision(),
        "policy": _policy(),
    }
    return content | changes


def _assessment():
    return {
        "id": "asm_01KAV3H2S1QJ7XW8R2T5Y9Z0AB",
        "event": "signup",
        "as_of": "2026-11-22T10:00:00Z",
        "created_at": "2026-11-22T10:00:01.250000Z",
        "degraded": False,
        "missing": [],
        "reference": {"ip": "9f2c41aa01be"},
        "supersedes": None,
    }


def _facts():
    return {
        "account_id": "acct_7Q2M",
        "created_at": "2026-11-19T08:30:00Z",
        "kind": "individual",
        "plan": "pay-as-you-go",
        "email_class": "disposable",
        "email_verified": True,
        "phone_verified": False,
        "declared_use_case": "A tutoring app for <b>schools</b> & #let x = 1",
        "signup_ip_class": "hosting",
        "payment_type": "card",
        "payment_funding": "prepaid",
        "recorded_at": "2026-11-19T08:30:00Z",
    }


def _ring():
    return {
        "ring_id": "ring_01KAV3H2S1QJ7XW8R2T5Y9Z0CD",
        "probability": 0.95,
        "agreement": 0.8,
        "level": "core",
        "views": ["identity", "network", "payment"],
    }


def _reasons():
    return [
        {
            "code": "LNK-03",
            "family": "LNK",
            "direction": "raises",
            "points": 5.9,
            "text": "Shares a device with 6 other accounts of the last month.",
            "customer_safe_key": None,
            "features": ["accounts_per_device_count_30d"],
        },
        {
            "code": "IDN-01",
            "family": "IDN",
            "direction": "raises",
            "points": 4.6,
            "text": "The e-mail address is at a disposable mail service.",
            "customer_safe_key": "identity_details",
            "features": ["is_disposable_email"],
        },
        {
            "code": "PAY-09",
            "family": "PAY",
            "direction": "lowers",
            "points": -0.8,
            "text": "Payments succeeded for two months.",
            "customer_safe_key": None,
            "features": [],
        },
    ]


def _decision():
    return {
        "id": "dec_01KAV3H2S1QJ7XW8R2T5Y9Z0EF",
        "action": "hold",
        "band": "severe",
        "matched_rules": ["R-RING-HOLD"],
        "expires_at": "2026-12-06T10:00:00Z",
        "case_id": "case_01",
    }


def _policy():
    return {
        "version": 4,
        "sha256": "cd" * 32,
        "thresholds": {
            "actions": {"observe": 0.1, "review": 0.5},
            "bands": [0.02, 0.1, 0.3, 0.7],
        },
        "rules": [
            {
                "code": "R-RING-HOLD",
                "expression": "probability >= 0.9 && ring_views >= 3.0",
                "action": "hold",
                "effect": "at_least",
                "text": "A proven ring, supported by three independent views,"
                " holds new capacity.",
            },
            {
                "code": "R-PERMITTED",
                "expression": "is_permitted_use >= 1.0",
                "action": "observe",
                "effect": "at_most",
                "text": "A registered permission covers this use.",
            },
        ],
    }


def make_sources(content, **changes):
    from datetime import UTC, datetime

    at = datetime(2026, 11, 22, 13, 41, tzinfo=UTC)
    given = {
        "account_id": "acct_7Q2M",
        "snapshot_text": json.dumps(content, sort_keys=True),
        "snapshot": content,
        "catalogue": "0123456789abcdef",
        "model": _model(content["features"]),
        "ring": content["score"]["ring"] and content["score"]["ring"] | _proof(),
        "human": (
            Human(at, "staff 3", "analyst", "First impression: leaning abuse", "early"),
        ),
        "entry_id": "01a20320-a27b-737d-aba5-296f33b3e2c1",
        "case": "C-7Q2M",
    }
    return Sources(**(given | changes))


def _model(known):
    grid = [float(value) / 10 for value in range(101)]
    return ModelCard(
        "mdl_entry",
        "entry",
        3,
        "2026-10-01T00:00:00+00:00",
        {
            "features": [{"name": name, "grid": grid} for name in known],
            "calibration": {"level": 0.9},
            "metrics": {"base_rate": 0.04},
            "excluded": {"plan_rank": "its history is unknown"},
        },
    )


def _proof():
    device = {
        "kind": "device",
        "view": "identity",
        "members": 9,
        "elsewhere": 0,
        "points": 12.25,
        "value": "must-not-show",
    }
    return {"size": 14, "evidence": {"values": [device]}}
