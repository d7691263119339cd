"""A world that answers: what is flagged is banned, and operators open new accounts.

Written rows stay what they are. A banned account's later rows are taken over by its
replacement, under another name and from another address; what falls between the ban
and the replacement is asked and never answered. A banned honest account just stops.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl

from ml.benchmark.read import Account, read_truth
from ml.benchmark.watch import Work, read_work
from ml.simulate.respawn import Lost, Replacement, replace_lost
from ml.simulate.seeds import Seeds

_DAY: Final = timedelta(days=1)
_ADDRESSES: Final = 200


@dataclass(slots=True)
class Holder:
    """Who does the work of an account of the written world, and from when to when."""

    account_id: str
    since: datetime
    until: datetime | None = None
    born: Replacement | None = None


@dataclass(slots=True)
class Loop:
    """Who holds the place of each account that was ever banned, by account id.

    `root` leads from every account, replacements too, to the written one.
    """

    bundle: Path
    seeds: Seeds
    people: Mapping[str, Account]
    ends: Mapping[str, datetime]
    work: Work
    places: dict[str, list[Holder]] = field(default_factory=dict)
    root: dict[str, str] = field(default_factory=dict)
    signups: dict[str, dict[str, Any]] = field(default_factory=dict)
    addresses: dict[str, list[str]] = field(default_factory=dict)
    bins: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def ban(self, account_ids: Iterable[str], at: datetime) -> int:
        """Take away the accounts that are there at a moment; return how many were."""
        return sum(self._ban(name, at) for name in sorted(account_ids))

    def _ban(self, name: str, at: datetime) -> bool:
        written = self.root.get(name, name)
        one = self.people.get(written)
        if one is None or (one.created_at or at) > at:
            return False
        places = self.places.setdefault(written, [])
        if not places:
            self.root[written] = written
            places.append(Holder(written, one.created_at or at))
        holder = places[-1]
        if holder.account_id != name or holder.until is not None:
            return False
        holder.until = at
        heir = self._heir(holder, one, at) if one.ring else None
        if heir is not None:
            places.append(Holder(heir.account_id, heir.born, None, heir))
            self.root[heir.account_id] = written
        return True

    def _heir(self, holder: Holder, one: Account, at: datetime) -> Replacement | None:
        born = holder.born
        signup = born.signup if born else self.signups[holder.account_id]
        issued = (str(signup["payment_country"]), str(signup["payment_funding"]))
        ring = str(one.ring)
        lost = Lost(
            signup=signup,
            ring=ring,
            level=str(one.level),
            at=at,
            until=self.ends[ring],
            addresses=self.addresses.get(ring, []),
            bins=self.bins.get(issued, []),
        )
        return replace_lost(self.seeds, lost)

    def truth(self) -> list[Account]:
        """Return who everybody is, replacements among them."""
        found = list(self.people.values())
        for written, places in self.places.items():
            found += [
                replace(
                    self.people[written],
                    account_id=holder.account_id,
                    created_at=holder.since,
                )
                for holder in places[1:]
            ]
        return found

    def worked(self) -> Work:
        """Return the work of each day by who had it, with what bans kept back.

        A day counts as answered for the share of it in which somebody held the place.
        """
        rows = []
        for name, day, asked, served in self.work.rows():
            places = self.places.get(name)
            if not places:
                rows.append((name, day, asked, served))
                continue
            spans = [(_overlap(holder, day), holder.account_id) for holder in places]
            most, who = max(spans, key=lambda pair: pair[0])
            last = [holder for holder in places if holder.since <= day] or places[:1]
            share = min(sum(span for span, _ in spans), 1.0)
            who = who if most > 0 else last[-1].account_id
            rows.append((who, day, asked, round(served * share)))
        columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
        return Work(*columns)


def open_loop(world: Path, seed: int) -> Loop:
    """Read what the driver of a written world needs to answer bans."""
    bundle = world / "bundle"
    people = {one.account_id: one for one in read_truth(world / "truth")}
    rings = pl.read_parquet(world / "truth" / "rings.parquet")
    ends = {row["ring"]: row["ended_at"].astimezone(UTC) for row in rings.to_dicts()}
    rows = pl.read_parquet(bundle / "accounts.parquet").sort("valid_from")
    mine = [name for name, one in people.items() if one.ring]
    first = rows.filter(pl.col("account_id").is_in(mine)).unique(
        "account_id", keep="first", maintain_order=True
    )
    loop = Loop(bundle, Seeds(seed), people, ends, read_work(world / "truth"))
    loop.signups = {row["account_id"]: row for row in first.to_dicts()}
    loop.addresses = _addresses(bundle, people)
    loop.bins = _bins(bundle / "reference" / "bins.csv")
    return loop


def _addresses(bundle: Path, people: Mapping[str, Account]) -> dict[str, list[str]]:
    """Return some addresses that each ring uses."""
    ring_of = {name: one.ring for name, one in people.items() if one.ring}
    used = pl.scan_parquet(bundle / "usage.parquet")
    used = used.filter(pl.col("account_id").is_in(list(ring_of)))
    pairs = used.select("account_id", "ip").unique().collect().sort("account_id", "ip")
    found: dict[str, set[str]] = defaultdict(set)
    for name, address in pairs.rows():
        found[str(ring_of[name])].add(address)
    return {ring: sorted(some)[:_ADDRESSES] for ring, some in found.items()}


def _bins(path: Path) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    table = pl.read_csv(path, schema_overrides={"bin": pl.String})
    for number, country, funding in table.select("bin", "country", "funding").rows():
        found[country, funding].append(number)
    return dict(found)


def _overlap(holder: Holder, day: datetime) -> float:
    """Return the share of a day in which somebody held a place."""
    end = min(holder.until or day + _DAY, day + _DAY)
    return max((end - max(holder.since, day)) / _DAY, 0.0)
