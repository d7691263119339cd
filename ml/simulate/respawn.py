"""What an operator does when a detector takes an account away: open another one.

A world as written knows only the bans of its provider's older rules. When a detector is
in charge, whoever drives the world asks here for a replacement. Its draws come from a
stream of their own, named after the lost account, so that two detectors that take the
same account meet the same answer, and no other number of the world moves.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from ml.simulate import persons
from ml.simulate.levels import EVERY_LEVEL
from ml.simulate.seeds import Seeds, mix, names_of

_LEVELS: Final = {level.name: level for level in EVERY_LEVEL}
_CARD: Final = ("payment_fingerprint", "payment_bin", "payer_name")
# what may be carried over from the lost account, and the columns that it means
_MARKS: Final[tuple[tuple[str, ...], ...]] = (
    ("signup_device_id",),
    _CARD,
    ("phone",),
)


@dataclass(frozen=True, slots=True)
class Lost:
    """An account that was taken away: its sign-up, and the ring that it worked for.

    `signup` is its first row of `accounts`; `addresses` are some that its ring uses,
    `bins` those of its card's country and kind.
    """

    signup: Mapping[str, Any]
    ring: str
    level: str
    at: datetime
    until: datetime
    addresses: Sequence[str]
    bins: Sequence[str]


@dataclass(frozen=True, slots=True)
class Replacement:
    """The account that carries on: its sign-up and its key, from when it works."""

    account_id: str
    key_id: str
    born: datetime
    signup: Mapping[str, Any]


def replace_lost(seeds: Seeds, lost: Lost) -> Replacement | None:
    """Return the account that takes over; None where the ring ends before it would."""
    apart = seeds.apart("respawn")
    name = str(lost.signup["account_id"])
    rng = apart.rng(name)
    level = _LEVELS[lost.level]
    hours = apart.jitter(f"{lost.ring}/respawn", level.respawn)
    born = lost.at + timedelta(hours=float(rng.exponential(hours)))
    residue = min(apart.jitter(f"{lost.ring}/residue", level.residue), 1.0)
    keep = _MARKS[int(rng.integers(0, 3))] if rng.random() < residue else ()
    fresh = _fresh(rng, lost)
    if born >= lost.until:
        return None
    signup = dict(lost.signup)
    for column, value in fresh.items():
        if column not in keep and signup.get(column) is not None:
            signup[column] = value
    keys = mix(apart.key(name), np.arange(2), zlib.crc32(name.encode()))
    account_id = str(names_of(keys[:1], "acc_")[0])
    signup |= {"account_id": account_id, "created_at": born, "valid_from": born}
    key_id = str(names_of(keys[1:], "key_")[0])
    return Replacement(account_id, key_id, born, signup)


def _fresh(rng: np.random.Generator, lost: Lost) -> dict[str, Any]:
    """Draw what a new sign-up says; columns that were empty stay empty."""
    first, last = persons.first_names(rng, 1), persons.last_names(rng, 1)
    org, domain = persons.organizations(rng, 1)
    mail = str(lost.signup.get("email") or "@").split("@")[1]
    old = str(lost.signup.get("phone") or "")
    marks = names_of(mix(int(rng.integers(0, 2**62)), np.arange(2)))
    fresh = {
        "email": f"{persons.mail_names(rng, first, last)[0]}@{mail}",
        "name": str(persons.full_names(first, last)[0]),
        "payer_name": str(persons.full_names(first, last)[0]),
        "phone": old[:-6] + f"{int(rng.integers(0, 10**6)):06d}",
        "address_line": str(persons.streets(rng, 1)[0]),
        "postal_code": str(persons.postal_codes(rng, 1)[0]),
        "signup_device_id": f"d{marks[0]}",
        "payment_fingerprint": f"f{marks[1]}",
        "signup_form_ms": int(rng.lognormal(10.3, 0.7)),
        "registration_number": f"REG{int(rng.integers(10**6, 10**7))}",
        "org_name": str(org[0]),
        "org_domain": str(domain[0]),
        "customer_id": None,
        "parent_account_id": None,
    }
    if lost.addresses:
        fresh["signup_ip"] = lost.addresses[int(rng.integers(0, len(lost.addresses)))]
    if lost.bins:
        fresh["payment_bin"] = lost.bins[int(rng.integers(0, len(lost.bins)))]
    return fresh
