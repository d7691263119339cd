"""A whole world, from a seed to files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ml.simulate import arrow, content, places, records, truth, windows, write
from ml.simulate.addresses import CAMPUSES, range_rows
from ml.simulate.archetypes import INDEX
from ml.simulate.campaigns import Ring
from ml.simulate.clock import DAYS, DEFAULT_END, origin_us, provider_rows
from ml.simulate.dispatch import work_sessions
from ml.simulate.exchanges import Tally, usage_chunks
from ml.simulate.happenings import event_rows
from ml.simulate.honest import HONEST, Setting
from ml.simulate.hours import Hours, busy_hours
from ml.simulate.labels import outcome_rows
from ml.simulate.levels import TWINS
from ml.simulate.population import Population, Variant
from ml.simulate.scenarios import SCENARIOS
from ml.simulate.scene import Scene
from ml.simulate.seeds import Columns, Seeds, mix, names_of
from ml.simulate.sessions import WORK, own_sessions, put_items
from ml.simulate.tiers import TIERS, Tier
from ml.simulate.twins import put_to_work

VERSION = 5  # of what a seed means; raised whenever the content of a world changes
_REPLAYED = 0.02
Report = Callable[[str, int, int], None]
_STEPS = 5
_MAIN = Variant()


@dataclass(frozen=True, slots=True)
class Written:
    """What a world came to: rows of each table of the bundle."""

    seed: int
    tier: str
    start: datetime
    end: datetime
    rows: dict[str, int]


def simulate(
    out_dir: Path,
    tier: str,
    seed: int,
    end: datetime | None = None,
    report: Report = lambda *_: None,
    variant: Variant = _MAIN,
) -> Written:
    """Write a world to `out_dir/bundle` and `out_dir/truth`.

    Content depends on the seed alone; `end` (midnight UTC) only moves it in time. The
    same arguments give the same bytes. `report` hears (label, done, total).
    NoTracesError where the real traffic that a scenario reads is not there.
    """
    size, finish = TIERS[tier], end or DEFAULT_END
    start = finish - timedelta(days=DAYS)
    people = SCENARIOS[variant.scenario](Seeds(seed), size, variant)
    out_dir.mkdir(parents=True, exist_ok=True)
    setting, rings, plans = people.setting, people.rings, people.plans
    report("people, rings, sign-ups", 1, _STEPS)
    drawn = busy_hours(plans, setting.seeds.rng("busy"))
    hours, room = drawn.with_told(people.told), size.max_usage_rows - len(drawn.hour)
    scene = _scene(setting, rings, plans, hours, start, room)
    tally = Tally.of(scene, hours)
    rows = _write_bundle(scene, people, size, out_dir / "bundle", report, hours, tally)
    if variant.scenario == "zero-label":
        path = out_dir / "bundle" / "outcomes.parquet"
        rows["outcomes"] = write.write_table(path, pq.read_table(path).slice(0, 0))
    _write_reference(scene, out_dir / "bundle" / "reference")
    rows["provider"] = write.write_table(
        out_dir / "bundle" / "provider.parquet", _provider(setting, start)
    )
    _write_truth(scene, rings, tally, out_dir / "truth")
    if people.told is not None:
        carriers = truth.carriers(scene, people.told.account)
        write.write_table(out_dir / "truth" / "carriers.parquet", carriers)
    written = Written(seed, tier, start, finish, rows)
    summary = _summary(written) | _differences(variant)
    write.write_json(out_dir / "truth" / "world.json", summary)
    return written


def _differences(variant: Variant) -> dict[str, Any]:
    """Return what world.json says about a variant; the main world needs no more."""
    told: dict[str, Any] = {"labels": variant.scenario != "zero-label"}
    told["without"] = variant.without
    if variant.scenario not in {"main", "zero-label"}:
        told["scenario"] = variant.scenario
    if variant.operators != _MAIN.operators:
        told["operators"] = variant.operators
    return told


def _write_truth(scene: Scene, rings: list[Ring], tally: Tally, folder: Path) -> None:
    people = truth.account_truth(scene, rings, tally)
    write.write_table(folder / "accounts.parquet", people)
    write.write_table(folder / "rings.parquet", truth.ring_truth(scene, rings))
    write.write_table(folder / "days.parquet", truth.day_truth(scene, tally))


def _scene(
    setting: Setting,
    rings: list[Ring],
    plans: Columns,
    hours: Hours,
    start: datetime,
    room: int,
) -> Scene:
    """Draw every session and name the accounts."""
    seeds, table = setting.seeds, setting.templates.table()
    parts = [
        own_sessions(seeds, plans),
        windows.shown_sessions(plans, hours, seeds.rng("shown")),
        work_sessions(setting, rings, plans),
    ]
    sessions = {
        name: np.concatenate([part[name] for part in parts]) for name in parts[0]
    }
    sessions = _within(sessions, room, seeds)
    jobs = put_to_work(setting, plans, sessions)
    put_items(seeds, plans, table, sessions, jobs)
    sessions["source"][jobs] = WORK
    ids = mix(seeds.key("accounts"), np.arange(len(plans["arch"])))
    _adopt_parents(plans, ids)
    key = seeds.key("rows")
    sessions["replay_of"] = _replays(key, rings, plans, table, sessions, seeds)
    return Scene(setting, plans, table, sessions, ids, origin_us(start), key)


def _within(sessions: Columns, rows: int, seeds: Seeds) -> Columns:
    """Thin all sessions alike where a seed would pass the tier's volume."""
    total = int(sessions["turns"].sum())
    kept = seeds.rng("thin").random(len(sessions["turns"])) < 0.995 * rows / max(
        total, 1
    )
    return {name: values[kept] for name, values in sessions.items()}


def _adopt_parents(plans: Columns, ids: "np.ndarray[Any, np.dtype[np.uint64]]") -> None:
    """Put most tenants under the account of a gateway."""
    parents = np.full(len(ids), None, object)
    gateways = np.flatnonzero(
        (plans["arch"] == INDEX["gateway"]) & (plans["class"] == HONEST)
    )
    tenants = np.flatnonzero(plans["arch"] == INDEX["gateway_tenant"])
    names = names_of(ids[gateways], "acc_").astype(object)
    under = plans["created"][tenants] > plans["created"][gateways].min() - 200
    chosen = names[plans["owner"][tenants] % len(gateways)]
    parents[tenants] = np.where(under, chosen, None)
    plans["parent"] = parents


def _replays(
    key: int, rings: list[Ring], plans: Columns, table: Columns, sessions: Columns,
    seeds: Seeds,
) -> "np.ndarray[Any, np.dtype[np.int64]]":  # fmt: skip
    """Choose sessions that present a reasoning block of another one, or -1.

    Some operators replay blocks between accounts; honest people resume their own.
    """
    rng = seeds.rng("replays")
    count = len(sessions["start"])
    found = np.full(count, -1, np.int64)
    session = np.arange(count)
    first = content.category_at(
        key, table, sessions["tmpl"], session, np.ones(count, np.int64)
    )
    signed = content.is_signed(key, first, session)
    replaying = np.array([*(ring.replays for ring in rings), False])
    work = sessions["source"] == WORK
    work &= plans["level"][sessions["account"]] != TWINS
    unit = np.where(work, plans["ring"][sessions["account"]], -1)
    unit = np.where((unit >= 0) & ~replaying[unit], -2, unit)
    unit = np.where(unit == -1, len(rings) + sessions["account"], unit)
    usable = np.flatnonzero(signed & (unit >= 0))
    usable = usable[np.lexsort((sessions["start"][usable], unit[usable]))]
    lead = np.searchsorted(unit[usable], unit[usable], side="left")
    place = np.arange(len(usable)) - lead
    chance = np.where(unit[usable] < len(rings), _REPLAYED, 0.3 * _REPLAYED)
    chosen = np.flatnonzero((rng.random(len(usable)) < chance) & (place > 0))
    back = (rng.random(len(chosen)) * place[chosen]).astype(np.int64)
    found[usable[chosen]] = usable[lead[chosen] + back]
    return found


def _write_bundle(
    scene: Scene,
    people: Population,
    tier: Tier,
    folder: Path,
    report: Report,
    hours: Hours,
    tally: Tally,
) -> dict[str, int]:
    report("people, rings, sign-ups", 2, _STEPS)
    said = people.said
    tables = {"customers": records.customer_rows(scene, said)}
    tables["accounts"] = records.account_rows(scene, said)
    tables["api_keys"] = records.key_rows(scene)
    tables["payment_methods"] = records.payment_rows(scene, said)
    report("people, rings, sign-ups", 3, _STEPS)
    tables["events"] = event_rows(scene, said)
    tables["outcomes"] = outcome_rows(scene, said, tier)
    report("people, rings, sign-ups", 4, _STEPS)
    rows = {
        name: write.write_table(folder / f"{name}.parquet", table)
        for name, table in tables.items()
    }
    report("people, rings, sign-ups", _STEPS, _STEPS)
    batches = windows.window_chunks(scene, hours, tier.chunk_rows)
    path = folder / "usage_window.parquet"
    rows["usage_window"] = write.write_batches(path, batches)
    batches = usage_chunks(scene, tier.chunk_rows, report, tally)
    rows["usage"] = write.write_batches(folder / "usage.parquet", batches)
    return rows


def _write_reference(scene: Scene, folder: Path) -> None:
    """Write the lookup tables that know this world's addresses, cards and domains."""
    where = scene.setting.places
    write.write_csv(
        folder / "ip_ranges.csv",
        ("start", "end", "asn", "as_name", "country", "class"),
        range_rows(scene.setting.addresses, where),
    )
    bins = zip(
        *(where.bins[name] for name in ("bin", "country", "funding")), strict=True
    )
    write.write_csv(folder / "bins.csv", ("bin", "country", "funding"), sorted(bins))
    write.write_csv(
        folder / "email_domains.csv",
        ("domain", "class"),
        places.mail_domain_rows(where, CAMPUSES),
    )


def _provider(setting: Setting, start: datetime) -> pa.Table:
    schema = pa.schema(
        [
            ("kind", pa.string()),
            ("at", arrow.UTC_TIME),
            ("name", pa.string()),
            ("until", arrow.UTC_TIME),
            ("data", pa.string()),
        ]
    )
    return pa.Table.from_pylist(provider_rows(setting.calendar, start), schema)


def _summary(written: Written) -> dict[str, Any]:
    return {
        "version": VERSION,
        "seed": written.seed,
        "tier": written.tier,
        "start": written.start.isoformat(),
        "end": written.end.isoformat(),
        "rows": written.rows,
    }
