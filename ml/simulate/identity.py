"""What accounts say about themselves at sign-up, and how they pay.

Text columns are drawn from the plan alone, for honest accounts and for the copies that
campaigns start from; which optional field is null is drawn the same way for everybody.
"""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate import persons
from ml.simulate.addresses import CAMPUSES, addresses, texts
from ml.simulate.archetypes import ARCHETYPES, Archetype
from ml.simulate.honest import Setting
from ml.simulate.networks import SLOT_FIELDS
from ml.simulate.places import COUNTRY_COUNT, Places, campus_domain
from ml.simulate.seeds import Columns, kept, mix, names_of, pick, some

_BROWSERS: Final = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0 Safari/537.36": 0.38,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36": 0.12,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/141.0 Safari/537.36": 0.14,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.6 Safari/605.1": 0.12,
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0": 0.08,
    "Mozilla/5.0 (Windows NT 10.0; rv:143.0) Firefox/143.0": 0.06,
    "Mozilla/5.0 (Linux; Android 15) Chrome/141.0 Mobile Safari/537.36": 0.1,
}
_USES: Final = {
    "personal assistant": 3,
    "software development": 4,
    "customer support": 2,
    "document processing": 2,
    "research": 1.5,
    "education": 1.5,
    "content writing": 1.5,
    "data analysis": 2,
}
_SCOPES: Final = {
    "synthetic_data": "synthetic-data:5000000:2027-06-30",
    "red_team": "red-team",
    "researcher": "benchmark",
    "gateway": "gateway",
}
_HUMAN_MS: Final = (np.log(42_000), 0.6)
_SERVER_NETS: Final = ("cloud", "cloud_wide", "gateway")


def identities(setting: Setting, plans: Columns, stream: str) -> Columns:
    """Return the sign-up and payment columns of the bundle's accounts, [n]."""
    rng = setting.seeds.rng("identity", stream)
    said: Columns = {}
    said.update(_names(rng, plans))
    said.update(_contact(setting, rng, plans, said))
    said.update(_signup(setting, rng, plans, stream))
    said.update(_payment(setting, rng, plans, said, stream))
    said.update(_programme(rng, plans))
    return said


def _drawn(rng: np.random.Generator, plans: Columns, field: str) -> NDArray[np.object_]:
    """Draw a named choice for each account by the weights of its archetype."""
    drawn = np.empty(len(plans["arch"]), object)
    for at in np.unique(plans["arch"]):
        where = np.flatnonzero(plans["arch"] == at)
        drawn[where] = pick(rng, len(where), getattr(ARCHETYPES[at], field))
    return drawn


def _of_kind(plans: Columns, field: str) -> NDArray[Any]:
    return np.array([getattr(kind, field) for kind in ARCHETYPES])[plans["arch"]]


def _names(rng: np.random.Generator, plans: Columns) -> Columns:
    n = len(plans["arch"])
    first, last = persons.first_names(rng, n), persons.last_names(rng, n)
    organization = rng.random(n) < _of_kind(plans, "organization")
    org_name, org_domain = persons.organizations(rng, n)
    register = np.array(
        [f"REG{number}" for number in rng.integers(10**6, 10**7, n)], object
    )
    one_team = plans["arch"] == [kind.name for kind in ARCHETYPES].index(
        "failover_router"
    )
    if one_team.any():
        _, lead, where = np.unique(
            plans["owner"][one_team], return_index=True, return_inverse=True
        )
        for column in (org_name, org_domain, register):
            column[one_team] = column[one_team][lead][where]
    return {
        "first": first,
        "last": last,
        "person": persons.full_names(first, last),
        "name": some(rng, persons.full_names(first, last), 0.93),
        "kind": np.where(organization, "organization", "individual").astype(object),
        "domain": org_domain,
        "org_name": kept(organization, org_name),
        "org_domain": kept(organization, org_domain),
        "registration_number": kept(organization & (rng.random(n) < 0.5), register),
    }  # fmt: skip


def _contact(
    setting: Setting, rng: np.random.Generator, plans: Columns, said: Columns
) -> Columns:
    n, places = len(plans["arch"]), setting.places
    mail = _drawn(rng, plans, "mail")
    domain = _mail_domains(setting, rng, plans, said, mail)
    phone = persons.phones(
        rng, places, np.where(rng.random(n) < 0.95, plans["country"], plans["located"])
    )
    given = rng.random(n) < 0.6
    address = _postal_addresses(rng, places, plans)
    with_phone = rng.random(n) < 0.72
    return {
        "email": persons.mail_names(rng, said["first"], said["last"]) + "@" + domain,
        "mail_class": mail,
        "phone": kept(with_phone, phone),
        "phone_checked": with_phone & (rng.random(n) < 0.8),
        "declared_country": some(rng, places.code[plans["country"]], 0.96),
        "declared_use_case": some(rng, pick(rng, n, _USES), 0.7),
        **{name: kept(given, values) for name, values in address.items()},
    }


def _mail_domains(
    setting: Setting,
    rng: np.random.Generator,
    plans: Columns,
    said: Columns,
    mail: NDArray[np.object_],
) -> NDArray[np.object_]:
    """Draw a domain of the class that each account's mail address has."""
    n, places = len(plans["arch"]), setting.places
    employers = persons.organizations(setting.seeds.rng("employers"), 400)[1]
    zipf = 1 / np.arange(1, len(places.free) + 1)
    return np.select(
        [mail == "free", mail == "disposable", mail == "alias", mail == "education"],
        [
            places.free[rng.choice(len(places.free), n, p=zipf / zipf.sum())],
            places.disposable[rng.integers(0, len(places.disposable), n)],
            places.alias[rng.integers(0, len(places.alias), n)],
            np.array([campus_domain(at) for at in plans["owner"] % CAMPUSES], object),
        ],
        np.where(said["kind"] == "organization", said["domain"],
                 employers[rng.integers(0, len(employers), n)]),
    )  # fmt: skip


def _postal_addresses(
    rng: np.random.Generator, places: Places, plans: Columns
) -> Columns:
    """Draw postal addresses; those who live together have the same one."""
    n = len(plans["arch"])
    address = {
        "address_line": persons.streets(rng, n),
        "city": persons.cities(rng, n),
        "postal_code": persons.postal_codes(rng, n),
        "country": places.code[plans["located"]],
    }
    shared = np.isin(
        plans["arch"],
        [
            at
            for at, kind in enumerate(ARCHETYPES)
            if kind.name in {"household", "newcomer"}
        ],
    )
    _share(address, shared, plans)
    return address


def _share(columns: Columns, chosen: NDArray[np.bool_], plans: Columns) -> None:
    """Give the chosen accounts of one owner the same values (one flat, one family)."""
    where = np.flatnonzero(chosen)
    if not len(where):
        return
    owner = plans["owner"][where] + 10_000 * plans["arch"][where]
    _, lead, back = np.unique(owner, return_index=True, return_inverse=True)
    for values in columns.values():
        values[where] = values[where][lead][back]


def signup_addresses(setting: Setting, plans: Columns) -> NDArray[np.object_]:
    """Return where each account signed up from: people do so at home or at work."""
    second = np.isin(plans["a_kind"], _SERVER_NETS)
    slot = {
        name: np.where(second, plans[f"b_{name}"], plans[f"a_{name}"])
        for name in SLOT_FIELDS
    }
    high, low = addresses(
        setting.addresses, slot, np.arange(len(second)) + 10**7, plans["created"]
    )
    return texts(high, low)


def _signup(
    setting: Setting, rng: np.random.Generator, plans: Columns, stream: str
) -> Columns:
    n, places = len(plans["arch"]), setting.places
    agents = pick(rng, n, _BROWSERS)
    versions = rng.integers(0, 5, n)
    stack = np.array([zlib_of(agent) for agent in agents])
    ja4 = names_of(mix(setting.seeds.key("ja4"), stack, versions))
    ja4 = np.array([f"t13d1516h2_{name[:12]}" for name in ja4], object)
    device = names_of(
        mix(setting.seeds.key("device", stream), np.arange(n)), "d"
    ).astype(object)
    lab = (plans["a_kind"] == "campus") & (rng.random(n) < 0.15)
    bench = names_of(mix(plans["owner"], rng.integers(0, 3, n)), "d").astype(object)
    device = np.where(lab, bench, device)
    family = np.isin(
        plans["arch"],
        [at for at, kind in enumerate(ARCHETYPES) if kind.name == "household"],
    )
    _share({"device": device}, family & (rng.random(n) < 0.7), plans)
    quick = rng.random(n) < 0.12  # password managers, assistive tools
    form = rng.lognormal(*_HUMAN_MS, n)
    form = np.where(quick, rng.lognormal(np.log(5_000), 0.5, n), form)
    where = np.where(rng.random(n) < 0.7, plans["located"], plans["country"])
    return {
        "signup_ip": signup_addresses(setting, plans),
        "signup_user_agent": some(rng, agents, 0.98),
        "signup_ja4": some(rng, ja4, 0.9),
        "signup_device_id": some(rng, device, 0.85),
        "signup_timezone": some(rng, places.timezone[where], 0.92),
        "signup_locale": some(rng, places.locale[plans["country"]], 0.92),
        "form_ms": form,
        "form_given": rng.random(n) < 0.9,
    }


def zlib_of(text: str) -> int:
    """Return a small stable number for a text."""
    return int.from_bytes(text.encode()[-9:-1], "big") % (1 << 31)


def _payment(
    setting: Setting,
    rng: np.random.Generator,
    plans: Columns,
    said: Columns,
    stream: str,
) -> Columns:
    n, places = len(plans["arch"]), setting.places
    kind = _drawn(rng, plans, "pay")
    prepaid = np.maximum(
        _of_kind(plans, "prepaid"), places.prepaid_share[plans["country"]]
    )
    funding = pick(rng, n, {"credit": 0.42, "debit": 0.52, "virtual": 0.06})
    funding = np.where(rng.random(n) < prepaid, "prepaid", funding)
    issuer = np.where(rng.random(n) < 0.97, plans["country"], plans["located"])
    issuer = np.where(rng.random(n) < 0.01, rng.integers(0, COUNTRY_COUNT, n), issuer)
    print_ = names_of(mix(setting.seeds.key("card", stream), np.arange(n)), "f").astype(
        object
    )
    bins = places.draw_bins(rng, issuer, funding)
    payer = np.where(
        rng.random(n) < 0.9,
        said["person"],
        persons.full_names(persons.first_names(rng, n), said["last"]),
    )
    cards: Columns = {
        "print": print_, "bin": bins, "funding": funding,
        "issuer": places.code[issuer], "payer": payer,
    }  # fmt: skip
    family = np.isin(
        plans["arch"],
        [
            at
            for at, row in enumerate(ARCHETYPES)
            if row.name in {"household", "failover_router"}
        ],
    )
    _share(cards, family & (rng.random(n) < 0.6), plans)
    return {"payment_type": kind, **cards, "payer_given": rng.random(n) < 0.8}


def _programme(rng: np.random.Generator, plans: Columns) -> Columns:
    n = len(plans["arch"])
    scope = np.array([_scope(kind) for kind in ARCHETYPES], object)[plans["arch"]]
    granted = rng.random(n) < np.where(
        _of_kind(plans, "name") == "researcher", 0.4, 0.95
    )
    contract = np.isin(_drawn(rng, plans, "channel"), ["sales"])
    return {
        "channel": _drawn(rng, plans, "channel"),
        "plan": _drawn(rng, plans, "plan"),
        "contract": contract & (_of_kind(plans, "organization") == 1),
        "permitted_scope": kept(granted, scope),
    }


def _scope(kind: Archetype) -> str | None:
    return _SCOPES.get(kind.name)
