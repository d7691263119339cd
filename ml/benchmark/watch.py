"""What a system would have prevented, had it been listened to: alarms in time.

Watching begins when the thresholds are set, with the last day of validation. A ring is
caught when half of its accounts that have begun to work were flagged. A missed ring is
censored at the end of the world; a ring that was there before counts from the first
day of watching; one that had ended by then is left out.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from ml.benchmark.read import Account, Export
from ml.benchmark.survival import kaplan_meier

_HALF: Final = 0.5
_DAY: Final = timedelta(days=1)
_MONTH_DAYS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Work:
    """What ring accounts asked for on each day: account, day, asked, served."""

    account_ids: tuple[str, ...]
    days: tuple[datetime, ...]
    asked: tuple[int, ...]
    served: tuple[int, ...]

    def rows(self) -> list[tuple[str, datetime, int, int]]:
        columns = (self.account_ids, self.days, self.asked, self.served)
        return list(zip(*columns, strict=True))


def read_work(path: Path) -> Work:
    """Read `truth/days.parquet` of a world; only a scorer may call this."""
    table = pq.read_table(path / "days.parquet")
    names = ("account_id", "day", "asked", "served")
    columns = [table.column(name).to_pylist() for name in names]
    days = tuple(day.astimezone(UTC) for day in columns[1])
    return Work(tuple(columns[0]), days, tuple(columns[2]), tuple(columns[3]))


def first_alarms(exports: Sequence[Export], threshold: float) -> dict[str, datetime]:
    """Return when each flagged account was flagged for the first time."""
    found: dict[str, datetime] = {}
    for export in sorted(exports, key=lambda one: one.as_of):
        for account_id, score in export.scores.items():
            if score > threshold:
                found.setdefault(account_id, export.as_of)
    return found


def watch(
    truth: Sequence[Account],
    work: Work,
    alarms: Mapping[str, datetime],
    moments: Sequence[datetime],
    begin: datetime,
    *,
    closed: bool = False,
) -> dict[str, Any]:
    """Return detection times, leaks and false alarms over time, by level.

    `moments` are the scored days after `begin`, when watching begins. In a `closed`
    loop `work` already lacks what bans took away.
    """
    rings = _rings(truth, work)
    end = max(moments)
    caught = {name: _caught(ring, alarms, moments) for name, ring in rings.items()}
    levels = sorted({ring.level for ring in rings.values()})
    times, volumes = {}, {}
    for level in [*levels, "all"]:
        mine = {
            name: ring
            for name, ring in rings.items()
            if level in {ring.level, "all"} and ring.until > begin
        }
        if mine:
            times[level] = _times(mine, caught, begin, end)
            volumes[level] = _volumes(mine, caught)
    return {
        "hours_to_detect": times,
        "exchanges_at_the_alarm": volumes,
        "leaked": _leaked(rings, {} if closed else alarms, begin),
        "false_alarms": _false_alarms(truth, alarms, begin, end),
    }


@dataclass(frozen=True, slots=True)
class _Ring:
    level: str
    work: Mapping[
        str, list[tuple[datetime, int, int]]
    ]  # by account: day, asked, served

    @property
    def start(self) -> datetime:
        return min(days[0][0] for days in self.work.values())

    @property
    def until(self) -> datetime:
        return max(days[-1][0] for days in self.work.values()) + _DAY


def _rings(truth: Sequence[Account], work: Work) -> dict[str, _Ring]:
    of = {one.account_id: one for one in truth if one.ring}
    parts: dict[str, dict[str, list[tuple[datetime, int, int]]]] = defaultdict(dict)
    for account_id, day, asked, served in sorted(work.rows()):
        if account_id in of:
            mine = parts[str(of[account_id].ring)].setdefault(account_id, [])
            mine.append((day, asked, served))
    level = {one.ring: str(one.level) for one in of.values()}
    return {name: _Ring(level[name], days) for name, days in parts.items()}


def _caught(
    ring: _Ring, alarms: Mapping[str, datetime], moments: Sequence[datetime]
) -> datetime | None:
    for moment in sorted(moments):
        begun = [name for name, days in ring.work.items() if days[0][0] < moment]
        hit = sum(alarms.get(name, moment + _DAY) <= moment for name in begun)
        if begun and hit >= _HALF * len(begun):
            return moment
    return None


def _times(
    rings: Mapping[str, _Ring],
    caught: Mapping[str, datetime | None],
    begin: datetime,
    end: datetime,
) -> dict[str, Any]:
    spans, seen = [], []
    for name, ring in rings.items():
        moment = caught[name]
        spans.append(((moment or end) - max(ring.start, begin)) / timedelta(hours=1))
        seen.append(moment is not None)
    curve = kaplan_meier(spans, seen)
    return {
        "rings": curve.count,
        "caught": sum(seen),
        "median": curve.when(0.5),
        "p90": curve.when(0.9),
    }


def _volumes(
    rings: Mapping[str, _Ring], caught: Mapping[str, datetime | None]
) -> dict[str, Any]:
    """Return how much a ring had got by its alarm; missed ones are censored."""
    spans, seen = [], []
    for name, ring in rings.items():
        moment = caught[name]
        days = [row for rows in ring.work.values() for row in rows]
        spans.append(sum(s for day, _, s in days if moment is None or day < moment))
        seen.append(moment is not None)
    return {"median": kaplan_meier(spans, seen).when(0.5)}


def _leaked(
    rings: Mapping[str, _Ring], alarms: Mapping[str, datetime], begin: datetime
) -> dict[str, Any]:
    """Return answered over attempted exchanges of all rings, found or not.

    An account that is flagged gets nothing from that moment on; nobody takes over. In
    a closed loop bans have already taken away what they take: `alarms` is empty.
    """
    asked: dict[str, int] = defaultdict(int)
    leaked: dict[str, int] = defaultdict(int)
    for ring in rings.values():
        for account_id, days in ring.work.items():
            alarm = alarms.get(account_id)
            for day, wanted, served in days:
                if day < begin:
                    continue
                got = served if alarm is None or day < alarm else 0
                for level in (ring.level, "all"):
                    asked[level] += wanted
                    leaked[level] += got
    return {
        level: {"attempted": total, "share": leaked[level] / total}
        for level, total in sorted(asked.items())
        if total
    }


def _false_alarms(
    truth: Sequence[Account],
    alarms: Mapping[str, datetime],
    begin: datetime,
    end: datetime,
) -> dict[str, Any]:
    """Return flagged honest accounts for 30 days of one honest account's life."""
    lived, flagged = 0.0, 0
    for one in truth:
        born = max(one.created_at or begin, begin)
        if one.honest and born < end:
            alarm = alarms.get(one.account_id)
            lived += ((alarm or end) - born) / _DAY
            flagged += alarm is not None
    return {
        "flagged": flagged,
        "account_days": lived,
        "per_30_account_days": flagged / lived * _MONTH_DAYS if lived else None,
    }
