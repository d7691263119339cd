"""Level 5: accounts that live exactly as an honest one does, and work in between.

A twin takes over the whole plan of its host: rate, days, hours, kind of network,
client, models, length of life. Part of its sessions are jobs of the queue, in the
shape of its host's own. What is left to see lies between accounts: no two ever ask the
same thing, a replacement starts when another account is lost, early adopters of a new
model move within the same hours, and now and then two wordings are equal.
"""

import heapq

import numpy as np
from numpy.typing import NDArray

from ml.simulate.campaigns import Life, Ring
from ml.simulate.clock import DAYS
from ml.simulate.honest import Setting
from ml.simulate.levels import TWINS
from ml.simulate.networks import draw_slots, with_prefix
from ml.simulate.seeds import Columns, Numbers, mix, uniform
from ml.simulate.sessions import OWN

_BUSY_ENOUGH, _TOO_BUSY = 2.0, 40.0  # expected exchanges a day of a host
_NEAR_DAYS = 4.0
_EARLY_DAYS = 2.5


def cast(
    setting: Setting, ring: Ring, honest: Columns, hosts: NDArray[np.int64]
) -> tuple[list[Life], NDArray[np.int64]]:
    """Return the lives of a ring of twins, and the host of each one.

    A host starts within days of its twin, so that nobody is shifted out of season.
    """
    rng = setting.seeds.rng("lives", ring.number)
    daily = honest["rate"] * honest["day_share"]
    hosts = hosts[(daily[hosts] >= _BUSY_ENOUGH) & (daily[hosts] <= _TOO_BUSY)]
    hosts = hosts[np.argsort(honest["active_from"][hosts], kind="stable")]
    begins = honest["active_from"][hosts]
    spread = ring.near(setting.seeds, "spread")
    respawn = ring.near(setting.seeds, "respawn") / 24
    places = max(4, round(ring.size * 0.6))
    found: list[Life] = []
    chosen: list[int] = []
    ends: list[tuple[float, int]] = []
    while len(found) < ring.size:
        born, heir = ring.start + float(rng.uniform(0, spread)), -1
        if len(found) >= places:
            lost, heir = heapq.heappop(ends)
            born = lost + float(rng.exponential(respawn))
        if born > ring.until - 1:
            born, heir = ring.start + float(rng.uniform(0, 0.6 * _span(ring))), -1
        host = hosts[_near(begins, born, rng)]
        end = born + float(honest["active_to"][host] - honest["active_from"][host])
        end = DAYS if honest["active_to"][host] >= DAYS else min(end, DAYS)
        heapq.heappush(ends, (end, len(found)))
        found.append(Life(born, max(end, born + 0.05), heir))
        chosen.append(int(host))
    return found, np.array(chosen)


def _span(ring: Ring) -> float:
    return ring.until - ring.start


def _near(begins: Numbers, moment: float, rng: np.random.Generator) -> int:
    low, high = np.searchsorted(begins, [moment - _NEAR_DAYS, moment + _NEAR_DAYS])
    if high <= low:  # a quiet stretch of a small world: whoever is next
        return int(min(low, len(begins) - 1))
    return int(rng.integers(low, high))


def dress(
    setting: Setting,
    ring: Ring,
    rng: np.random.Generator,
    plans: Columns,
    found: list[Life],
) -> Columns:
    """Return the columns in which twins differ from copies of their hosts."""
    born = np.array([life.born for life in found])
    lost = np.array([life.lost for life in found])
    shift = born - plans["active_from"]
    clones = max(1, round(ring.near(setting.seeds, "clones")))
    n = len(found)
    return {
        **_lines(setting, rng, plans),
        "created": np.clip(plans["created"] + shift, -400, DAYS - 0.05),
        "heir_of": np.array([life.heir_of for life in found]),
        "active_from": born,
        "active_to": lost,
        "spike_from": plans["spike_from"] + shift,
        "work_from": born,
        "work_to": lost,
        "work_tmpl_n": np.full(n, clones),
        "work_share": np.full(n, 1 - ring.near(setting.seeds, "cover")),
        "work_keep": np.full(n, ring.near(setting.seeds, "keep")),
        "adopt_at": _adoption(setting, rng, plans),
    }


def _lines(setting: Setting, rng: np.random.Generator, plans: Columns) -> Columns:
    """Rent lines of the host's own kinds, in the same country."""
    lines: Columns = {}
    for name in ("a", "b"):
        slot = draw_slots(
            rng, setting.addresses, plans[f"{name}_kind"], plans["located"],
            plans["owner"],
        )  # fmt: skip
        lines |= with_prefix(slot, name)
    return lines


def _adoption(setting: Setting, rng: np.random.Generator, plans: Columns) -> Numbers:
    """Let those who would move early anyway move together, within two hours."""
    release = setting.calendar.release
    early = plans["adopt_at"] - release < _EARLY_DAYS
    together = release + float(rng.uniform(3, 50)) / 24
    hours = rng.uniform(0, 2, len(early))
    return np.where(early, together + hours / 24, plans["adopt_at"])


def put_to_work(
    setting: Setting, plans: Columns, sessions: Columns
) -> NDArray[np.bool_]:
    """Choose the sessions of twins that are jobs; return which ones, [sessions]."""
    account = sessions["account"]
    twin = np.flatnonzero(plans["level"][account] == TWINS)
    twin = twin[sessions["source"][twin] == OWN]
    who = account[twin]
    chance = uniform(mix(setting.seeds.key("twin job"), twin))
    job = twin[chance < plans["work_share"][who]]
    jobs = np.zeros(len(account), bool)
    jobs[job] = True
    return jobs
