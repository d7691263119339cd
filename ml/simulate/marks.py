"""The traces that an operator leaves in the sign-ups and payments of a ring."""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

import numpy as np
from numpy.typing import NDArray

from ml.simulate import persons
from ml.simulate.campaigns import Ring
from ml.simulate.honest import Setting
from ml.simulate.identity import signup_addresses
from ml.simulate.levels import TWINS
from ml.simulate.places import COUNTRY_COUNT, Places
from ml.simulate.seeds import Columns, mix, names_of, pick

_FARMED = 0.6  # of the numbers of a farm's telephones stand in one block


def leave_marks(
    setting: Setting, rings: list[Ring], plans: Columns, said: Columns
) -> None:
    """Overwrite what the accounts of each ring have in common; nulls stay null."""
    said["signup_ip"] = signup_addresses(setting, plans)
    for ring in rings:
        where = np.flatnonzero(plans["ring"] == ring.number)
        rng = setting.seeds.rng("marks", ring.number)
        _mail(setting, ring, rng, where, said)
        _signup(setting, ring, rng, where, said)
        _cards(setting, ring, rng, where, plans, said)
        _places(setting, ring, rng, where, plans, said)
        _inherit(setting, ring, rng, where, plans, said)


def seen_in_world(values: NDArray[np.object_]) -> str:
    """Return the first value that any account gave."""
    return next(str(value) for value in values if value is not None)


def _put(
    said: Columns, name: str, where: NDArray[np.int64], values: NDArray[np.object_]
) -> None:
    """Write values, but only where the account gave that field at all."""
    given = np.array([value is not None for value in said[name][where]], bool)
    said[name][where[given]] = values[given]


def _mail(
    setting: Setting,
    ring: Ring,
    rng: np.random.Generator,
    where: NDArray[np.int64],
    said: Columns,
) -> None:
    seeds, places = setting.seeds, setting.places
    scripted = where[rng.random(len(where)) < ring.near(seeds, "mail")]
    shapes = 1 if ring.level == 0 else 3
    shape = rng.integers(0, shapes, len(scripted))
    for at in range(shapes):
        mine = scripted[shape == at]
        local = persons.scripted_mail_names(
            rng, len(mine), at, int(rng.integers(1, 500))
        )
        domain = np.array([said["email"][row].split("@")[1] for row in mine], object)
        personal = np.isin(said["mail_class"][mine], ["free", "alias", "disposable"])
        favorite = places.free[rng.integers(0, len(places.free), 2)]
        chosen = favorite[rng.integers(0, 2, len(mine))]
        said["email"][mine] = local + "@" + np.where(personal, chosen, domain)
    thrown = where[rng.random(len(where)) < ring.near(seeds, "disposable")]
    thrown = thrown[np.isin(said["mail_class"][thrown], ["free", "alias"])]
    domain = places.disposable[rng.integers(0, len(places.disposable), len(thrown))]
    local = np.array([said["email"][row].split("@")[0] for row in thrown], object)
    said["email"][thrown] = local + "@" + domain
    said["mail_class"][thrown] = "disposable"


def _signup(
    setting: Setting,
    ring: Ring,
    rng: np.random.Generator,
    where: NDArray[np.int64],
    said: Columns,
) -> None:
    n, seeds = len(where), setting.seeds
    devices = max(1, round(n / ring.habits.per_device))
    device = names_of(
        mix(seeds.key("ring device", ring.number), np.arange(devices)), "d"
    )
    shared = rng.random(n) < ring.near(seeds, "device")
    chosen = device.astype(object)[rng.integers(0, devices, n)]
    _put(said, "signup_device_id", where[shared], chosen[shared])
    image = int(rng.integers(0, n))
    same = where[rng.random(n) < ring.near(seeds, "device")]
    for name in ("signup_user_agent", "signup_ja4"):
        value = said[name][where[image]] or seen_in_world(said[name])
        _put(said, name, same, np.full(len(same), value, object))
    script = where[rng.random(n) < ring.near(seeds, "script")]
    pace = rng.uniform(1_200, 6_000)
    said["form_ms"][script] = pace * rng.lognormal(0, 0.12, len(script))
    base = int(rng.choice(COUNTRY_COUNT, p=setting.places.weight))
    zone = where[rng.random(n) < ring.habits.leaks]
    told = np.full(len(zone), setting.places.timezone[base], object)
    _put(said, "signup_timezone", zone, told)


def _cards(
    setting: Setting,
    ring: Ring,
    rng: np.random.Generator,
    where: NDArray[np.int64],
    plans: Columns,
    said: Columns,
) -> None:
    seeds, n = setting.seeds, len(where)
    cards = max(1, min(round(ring.near(seeds, "cards")), n))
    bins = max(1, min(round(ring.near(seeds, "bins")), cards))
    funding = pick(rng, bins, {"virtual": 0.6, "prepaid": 0.4})
    ordinary = pick(rng, bins, {"credit": 0.4, "debit": 0.6})
    funding = np.where(
        rng.random(bins) < ring.near(seeds, "bought") + 0.1, funding, ordinary
    )
    issuer = rng.choice(COUNTRY_COUNT, bins, p=setting.places.weight)
    number = setting.places.draw_bins(rng, issuer, funding)
    of_bin = rng.integers(0, bins, cards)
    print_ = names_of(mix(seeds.key("ring card", ring.number), np.arange(cards)), "f")
    payer = persons.full_names(
        persons.first_names(rng, cards), persons.last_names(rng, cards)
    )
    shared = where[rng.random(n) < ring.near(seeds, "card")]
    card = rng.integers(0, cards, len(shared))
    said["print"][shared] = print_.astype(object)[card]
    said["payer"][shared] = payer[card]
    fresh = where[rng.random(n) < ring.near(seeds, "bought")]
    same_run = shared, of_bin[card]
    runs = [same_run, (fresh, rng.integers(0, bins, len(fresh)))]
    if ring.level >= 2:  # virtual cards of the country that the cover story names
        runs = [same_run]
        _buy_at_home(setting.places, rng, fresh, plans, said)
    for rows, at in runs:
        said["bin"][rows] = number[at]
        said["funding"][rows] = funding[at]
        said["issuer"][rows] = setting.places.code[issuer[at]]


def _buy_at_home(
    places: Places,
    rng: np.random.Generator,
    rows: NDArray[np.int64],
    plans: Columns,
    said: Columns,
) -> None:
    """Give accounts bought cards that were issued in the country they name."""
    kind = pick(rng, len(rows), {"virtual": 0.6, "prepaid": 0.4})
    country = plans["country"][rows]
    said["bin"][rows] = places.draw_bins(rng, country, kind)
    said["funding"][rows] = kind
    said["issuer"][rows] = places.code[country]


def _places(
    setting: Setting,
    ring: Ring,
    rng: np.random.Generator,
    where: NDArray[np.int64],
    plans: Columns,
    said: Columns,
) -> None:
    """Write country, telephone and postal address of the cover stories."""
    n, places = len(where), setting.places
    code = places.code[plans["country"][where]]
    rented = np.where(
        rng.random(n) < 0.85, plans["country"][where], rng.integers(0, COUNTRY_COUNT, n)
    )
    phone = persons.phones(rng, places, rented)
    phones = ring.habits.phones
    if ring.farm and ring.without != "sign-up":
        phones = max(phones, _FARMED)
    if ring.level != TWINS:  # a twin's cover story is its host's
        _put(said, "declared_country", where, code)
        _put(said, "country", where, code)
        _put(said, "phone", where, phone)
    block = where[rng.random(n) < phones]
    stem = int(rng.integers(0, 100))
    tail = rng.integers(0, 10**4, len(block))
    farm = places.calling[int(rng.choice(COUNTRY_COUNT, p=places.weight))]
    _put(
        said,
        "phone",
        block,
        np.array([f"+{farm}555{stem:02d}{end:04d}" for end in tail], object),
    )
    drop = where[rng.random(n) < ring.habits.drops]
    for name, made in (
        ("address_line", persons.streets(rng, 3)),
        ("city", persons.cities(rng, 3)),
        ("postal_code", persons.postal_codes(rng, 3)),
    ):
        _put(said, name, drop, made[rng.integers(0, 3, len(drop))])


def _inherit(
    setting: Setting,
    ring: Ring,
    rng: np.random.Generator,
    where: NDArray[np.int64],
    plans: Columns,
    said: Columns,
) -> None:
    """Let replacements carry a mark of the account they replace."""
    heir = plans["heir_of"][where]
    carries = np.flatnonzero(
        (heir >= 0) & (rng.random(len(where)) < ring.near(setting.seeds, "residue"))
    )
    for at in carries:
        mark = ("signup_device_id", "card", "phone")[int(rng.integers(0, 3))]
        row, before = where[at], where[heir[at]]
        fields = (
            ("print", "bin", "funding", "issuer", "payer")
            if mark == "card"
            else (mark,)
        )
        for name in fields:
            if said[name][row] is not None and said[name][before] is not None:
                said[name][row] = said[name][before]
