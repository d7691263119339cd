"""What chance and ordinary life alone look like: a world in which nobody conspires.

There is no campaign, and what accounts share (a card, a device, a network, a client, a
framework) is dealt out anew within strata of like accounts. Each value is as common as
it was, but two accounts that agree in two ways now do so by chance. Every group that a
detector finds here is one that it would find among people who do not know each other.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.honest import honest_plans
from ml.simulate.identity import identities
from ml.simulate.networks import SLOT_FIELDS
from ml.simulate.population import Population, Variant, judge, make_setting
from ml.simulate.recruits import without_work
from ml.simulate.seeds import Columns, Seeds
from ml.simulate.sessions import windowed
from ml.simulate.tiers import Tier

_SEASON: Final = 30.0  # days of opening that count as one time
# columns that belong together move together
_SAID: Final[tuple[tuple[str, ...], ...]] = (
    ("print", "bin", "funding", "issuer", "payer"),
    ("signup_device_id",),
    ("signup_user_agent", "signup_ja4"),
    ("signup_ip",),
    ("phone",),
    ("address_line", "city", "postal_code", "country"),
    ("email", "mail_class"),
    ("org_name", "org_domain", "registration_number"),
)
_PLANNED: Final[tuple[tuple[str, ...], ...]] = (
    ("client", "client2", "client2_share"),
    ("frame", "frame_share"),
    ("tmpl", "tmpl_n"),
    ("settings",),
    tuple(f"{line}_{name}" for line in ("a", "b") for name in (*SLOT_FIELDS, "kind")),
)


def permuted_population(seeds: Seeds, tier: Tier, _: Variant) -> Population:
    """Draw the honest accounts of a seed and deal out anew what they share."""
    setting = make_setting(seeds)
    plans = without_work(honest_plans(setting, tier.honest))
    said = identities(setting, plans, "honest")
    rng = seeds.apart("permuted").rng("deal")
    season = np.floor(np.maximum(plans["created"], -1) / _SEASON)
    pays = said["payment_type"].astype(str)
    people = _stratum(plans["country"], said["kind"].astype(str), season, pays)
    use = _stratum(plans["located"], windowed(plans), said["kind"].astype(str))
    for columns in _SAID:
        _deal(rng, said, columns, people)
    for columns in _PLANNED:
        _deal(rng, plans, columns, use)
    judge(seeds, [], plans)
    return Population(setting, [], plans, said)


def _stratum(*columns: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return a number for each combination that occurs."""
    found = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        _, code = np.unique(column, return_inverse=True)
        _, found = np.unique(found * (code.max() + 1) + code, return_inverse=True)
    return found


def _deal(
    rng: np.random.Generator,
    table: Columns,
    columns: tuple[str, ...],
    stratum: NDArray[np.int64],
) -> None:
    """Permute rows of some columns within each stratum."""
    shuffled = rng.permutation(len(stratum))
    source = shuffled[np.argsort(stratum[shuffled], kind="stable")]
    target = np.argsort(stratum, kind="stable")
    for name in columns:
        values = table[name].copy()
        values[target] = table[name][source]
        table[name] = values
