"""The slow tables: account versions, customers, keys and payment methods."""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml.simulate import arrow
from ml.simulate.clock import DAYS, microseconds
from ml.simulate.happenings import login_addresses
from ml.simulate.scene import Scene, key_created, key_names
from ml.simulate.seeds import Columns, kept, mix, names_of, pick, uniform

_CARD_FIELDS = {
    "payment_fingerprint": "print",
    "payment_bin": "bin",
    "payment_funding": "funding",
    "payment_country": "issuer",
}
_PLAIN = (
    "kind", "channel", "email", "phone", "name", "org_name", "org_domain",
    "registration_number", "declared_country", "declared_use_case", "address_line",
    "city", "postal_code", "country", "signup_ip", "signup_user_agent", "signup_ja4",
    "signup_device_id", "signup_timezone", "signup_locale", "payment_type",
    "permitted_scope",
)  # fmt: skip
_UPGRADES = {
    "free": "payg",
    "payg": "pro",
    "pro": "pro",
    "team": "team",
    "enterprise": "enterprise",
}


def text(values: NDArray[Any]) -> pa.Array:
    return pa.array(values.tolist(), pa.string())


def account_names(scene: Scene) -> NDArray[np.object_]:
    return names_of(scene.account_ids, "acc_").astype(object)


def account_rows(scene: Scene, said: Columns) -> pa.Table:
    """Return all versions of all accounts, by the time from which they count."""
    rng = scene.setting.seeds.rng("versions")
    created = scene.plans["created"]
    n = len(created)
    verified_at = created + rng.exponential(0.02, n)
    verified = rng.random(n) < 0.96
    upgraded_at = created + rng.exponential(35, n) + 1
    upgraded = (rng.random(n) < 0.3) & (upgraded_at < scene.plans["active_to"])
    upgraded &= np.isin(said["plan"], ["free", "payg"])
    everyone = np.arange(n)
    parts = [
        (everyone, created, np.zeros(n, np.int64)),
        (everyone[verified], verified_at[verified], np.ones(verified.sum(), np.int64)),
        (everyone[upgraded], upgraded_at[upgraded], np.full(upgraded.sum(), 2)),
    ]
    who, since, version = (
        np.concatenate(columns) for columns in zip(*parts, strict=True)
    )
    inside = since < DAYS
    who, since, version = who[inside], since[inside], version[inside]
    order = np.lexsort((scene.account_ids[who], microseconds(since)))
    who, since, version = who[order], since[order], version[order]
    return _versions(scene, said, who, since, version, verified)


def _versions(
    scene: Scene, said: Columns, who: NDArray[np.int64], since: NDArray[np.float64],
    version: NDArray[np.int64], verified: NDArray[np.bool_],
) -> pa.Table:  # fmt: skip
    created = scene.plans["created"][who]
    plan = np.where(
        version == 2,
        np.array([_UPGRADES[name] for name in said["plan"]], object)[who],
        said["plan"][who],
    )
    carded = said["payment_type"][who] == "card"
    checked = (version > 0) & verified[who]
    columns = {
        "account_id": text(account_names(scene)[who]),
        "created_at": arrow.times(microseconds(created), scene.origin),
        "valid_from": arrow.times(microseconds(since), scene.origin),
        "plan": text(plan),
        "email_verified": pa.array(checked),
        "phone_verified": pa.array(checked & said["phone_checked"][who]),
        "signup_form_ms": arrow.integers(
            np.rint(said["form_ms"][who]), pa.int64(), said["form_given"][who]
        ),
        "payer_name": text(kept(carded & said["payer_given"][who], said["payer"][who])),
        "contract": pa.array(said["contract"][who]),
        "parent_account_id": text(_parents(scene)[who]),
        "customer_id": text(said["customer"][who]),
    }
    for name in _PLAIN:
        columns[name] = text(said[name][who])
    for name, source in _CARD_FIELDS.items():
        columns[name] = text(kept(carded, said[source][who]))
    return pa.table(columns)


def _parents(scene: Scene) -> NDArray[np.object_]:
    return scene.plans.get("parent", np.full(len(scene.account_ids), None, object))


def customer_rows(scene: Scene, said: Columns) -> pa.Table:
    """Return the customers behind accounts, and note their ids in `said`."""
    rng = scene.setting.seeds.rng("customers")
    n = len(scene.account_ids)
    organization = said["kind"] == "organization"
    known = rng.random(n) < np.where(organization, 0.6, 0.1)
    label = np.where(organization, said["org_name"], account_names(scene)).astype(str)
    _, lead, where = np.unique(label, return_index=True, return_inverse=True)
    name = names_of(mix(scene.key, 41, scene.account_ids[lead][where]), "cus_").astype(
        object
    )
    said["customer"] = kept(known, name)
    level = np.where(said["contract"], rng.integers(3, 5, n), rng.integers(0, 3, n))
    first = np.flatnonzero(known)
    _, lead = np.unique(name[first], return_index=True)
    rows = first[lead]
    return pa.table(
        {
            "customer_id": text(name[rows]),
            "kind": text(said["kind"][rows]),
            "legal_name": text(
                np.where(organization, said["org_name"], said["person"])[rows]
            ),
            "registration_number": text(said["registration_number"][rows]),
            "country": text(said["declared_country"][rows]),
            "verified_level": arrow.integers(level[rows], pa.int32()),
        }
    )


def key_rows(scene: Scene) -> pa.Table:
    """Return API keys by creation time."""
    rng = scene.setting.seeds.rng("keys")
    plans = scene.plans
    who = np.repeat(np.arange(len(plans["keys"])), plans["keys"])
    first = np.concatenate([[0], np.cumsum(plans["keys"])[:-1]])
    number = np.arange(len(who)) - first[who]
    created = key_created(scene, who, number)
    inside = created < np.minimum(DAYS, plans["suspended"][who])
    who, number, created = who[inside], number[inside], created[inside]
    n = len(who)
    left = plans["active_to"][who] + rng.exponential(3, n)
    gone = (rng.random(n) < 0.25) & (left < DAYS)
    keys = key_names(scene, who, number)
    order = np.lexsort((keys, microseconds(created)))
    names = np.array(["default", "backend", "notebook", "prod", "test", "ci"], object)
    ips = login_addresses(scene, who, created)
    given = uniform(mix(scene.key, 42, keys)) < 0.8
    return pa.table(
        {
            "key_id": arrow.hex_texts(keys, "key_"),
            "account_id": text(account_names(scene)[who]),
            "created_at": arrow.times(microseconds(created), scene.origin),
            "revoked_at": _maybe(scene, left, gone),
            "name": text(kept(given, names[rng.integers(0, 6, n)])),
            "created_ip": text(ips),
            "environment": text(pick(rng, n, {"live": 0.85, "test": 0.15})),
        }
    ).take(pa.array(order))


def payment_rows(scene: Scene, said: Columns) -> pa.Table:
    """Return cards and bank mandates; one in eight accounts adds a second card."""
    rng = scene.setting.seeds.rng("cards")
    plans = scene.plans
    paying = np.flatnonzero(np.isin(said["payment_type"], ["card", "bank"]))
    again = paying[rng.random(len(paying)) < 0.12]
    who = np.concatenate([paying, again])
    second = np.arange(len(who)) >= len(paying)
    added = plans["created"][who] + rng.exponential(0.03, len(who))
    added = np.where(second, added + rng.exponential(25, len(who)), added)
    inside = added < np.minimum(DAYS, plans["active_to"][who] + 1)
    who, second, added = who[inside], second[inside], added[inside]
    order = np.lexsort((scene.account_ids[who], microseconds(added)))
    who, second, added = who[order], second[order], added[order]
    fresh = names_of(mix(scene.key, 43, scene.account_ids[who]), "f").astype(object)
    card = said["payment_type"][who] == "card"
    return pa.table(
        {
            "account_id": text(account_names(scene)[who]),
            "fingerprint": text(np.where(second, fresh, said["print"][who])),
            "added_at": arrow.times(microseconds(added), scene.origin),
            "type": text(said["payment_type"][who]),
            "bin": text(kept(card, said["bin"][who])),
            "funding": text(kept(card, said["funding"][who])),
            "country": text(said["issuer"][who]),
            "payer_name": text(kept(said["payer_given"][who], said["payer"][who])),
        }
    )


def _maybe(
    scene: Scene, days: NDArray[np.float64], given: NDArray[np.bool_]
) -> pa.Array:
    inside = microseconds(np.where(given, days, 0))
    return arrow.nulled(arrow.times(inside, scene.origin), given)
