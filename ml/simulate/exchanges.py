"""The usage table: one row an exchange, in time order, chunk by chunk."""

# ruff: noqa: PLR2004 - the numbers are parameters of the world

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml.simulate import arrow, content
from ml.simulate.addresses import addresses, texts
from ml.simulate.clock import DAY_US, DAYS, MODELS, NEW_MODEL, OLD_MODEL
from ml.simulate.content import Exchanges
from ml.simulate.hours import Hours
from ml.simulate.networks import SLOT_FIELDS
from ml.simulate.scene import Scene, client_name, event_keys, key_created, key_names
from ml.simulate.seeds import below, mix, uniform
from ml.simulate.sessions import WORK
from ml.simulate.templates import CATEGORIES, ELICITS
from ml.simulate.unfold import (
    FORBIDDEN,
    OK,
    Unfolded,
    statuses,
    statuses_of,
    unfold,
)

SURFACES = ("api", "app", "cloud:a", "cloud:b")
_SMALL_RELEASED = 21.6
SAFETY = ("none", "soft_refusal", "refusal", "blocked")


@dataclass(slots=True)
class Tally:
    """Exchanges of each account, [accounts]: all of them, and those of work.

    `days` is what ring accounts asked for on each day, [ring accounts, days], of work
    alone; `served` what of it was answered. `place` is each account's row in them.
    """

    every: NDArray[np.int64]
    work: NDArray[np.int64]
    place: NDArray[np.int64]
    days: NDArray[np.int32]
    served: NDArray[np.int32]

    @classmethod
    def of(cls, scene: Scene, hours: Hours) -> "Tally":
        """Return a tally that holds what ring accounts report as windows."""
        member = scene.plans["ring"] >= 0
        every, work = np.zeros((2, len(member)), np.int64)
        days, served = np.zeros((2, int(member.sum()), DAYS), np.int32)
        found = cls(every, work, np.cumsum(member) - 1, days, served)
        mine = member[hours.account]
        account, asked = hours.account[mine], hours.requests[mine]
        where = found.place[account], hours.hour[mine] // 24
        for table in (days, served):
            np.add.at(table, where, asked.astype(np.int32))
        np.add.at(found.work, account, asked)
        np.add.at(found.every, account, asked)
        return found

    def add(self, scene: Scene, unfolded: Unfolded) -> None:
        session = unfolded.session
        account = scene.sessions["account"][session]
        work = scene.sessions["source"][session] == WORK
        self.every += np.bincount(account, minlength=len(self.every))
        self.work += np.bincount(account[work], minlength=len(self.work))
        day_of = unfolded.at_us[work] / DAY_US
        account = account[work]
        where = self.place[account], day_of.astype(np.int64)
        turn = unfolded.turn[work].astype(np.int64)
        answer = statuses_of(scene, session[work], account, day_of, turn)
        np.add.at(self.days, where, 1)
        np.add.at(self.served, where, (answer == OK).astype(np.int32))


def usage_chunks(
    scene: Scene, rows: int, report: Callable[[str, int, int], None], tally: Tally
) -> Iterator[pa.RecordBatch]:
    """Yield the usage table in time order; `report` hears how far it is.

    `tally` counts each account's exchanges while they pass.
    """
    total, done, number = int(scene.sessions["turns"].sum()), 0, 0
    for unfolded in unfold(scene, rows):
        tally.add(scene, unfolded)
        for start in range(0, len(unfolded.session), 2 * rows):
            part = slice(start, start + 2 * rows)
            rng = scene.setting.seeds.rng("usage", number)
            yield _batch(scene, unfolded, part, rng)
            number += 1
        done += len(unfolded.session)
        report("exchanges", done, total)
    report("exchanges", total, total)


def _batch(
    scene: Scene, unfolded: Unfolded, part: slice, rng: np.random.Generator
) -> pa.RecordBatch:
    session = unfolded.session[part]
    turn, at_us = unfolded.turn[part].astype(np.int64), unfolded.at_us[part]
    rows = Exchanges(
        session=session,
        turn=turn,
        day=at_us / 86_400e6,
        account=scene.sessions["account"][session],
        tmpl=scene.sessions["tmpl"][session],
        variant=scene.sessions["variant"][session],
        item=scene.sessions["item"][session],
        work=scene.sessions["source"][session] == WORK,
    )
    columns = {
        "event_id": arrow.hex_texts(event_keys(scene.key, session, turn), "ev_"),
        "occurred_at": arrow.times(at_us, scene.origin),
        "account_id": arrow.hex_texts(scene.account_ids[rows.account], "acc_"),
    }
    columns |= _route(scene, rows)
    columns |= _request(scene, rows, rng)
    return pa.RecordBatch.from_pydict(columns)


def _route(scene: Scene, rows: Exchanges) -> dict[str, pa.Array]:
    """Key, address, client and surface."""
    plans, key = scene.plans, scene.key
    numbers = below(mix(key, 22, rows.session), plans["keys"][rows.account])
    numbers = np.where(
        key_created(scene, rows.account, numbers) <= rows.day, numbers, 0
    )
    second = uniform(mix(key, 23, rows.session)) < plans["b_share"][rows.account]
    slot = {
        name: np.where(
            second, plans[f"b_{name}"][rows.account], plans[f"a_{name}"][rows.account]
        )
        for name in SLOT_FIELDS
    }
    high, low = addresses(scene.setting.addresses, slot, rows.account, rows.day)
    other = uniform(mix(key, 24, rows.session)) < plans["client2_share"][rows.account]
    client = np.where(
        other, plans["client2"][rows.account], plans["client"][rows.account]
    )
    return {
        "key_id": arrow.hex_texts(key_names(scene, rows.account, numbers), "key_"),
        "ip": pa.array(texts(high, low), pa.string()),
        "client": arrow.looked_up(client, lambda code: client_name(scene, code)),
        "surface": arrow.coded(plans["surface"][rows.account], SURFACES),
        "model": arrow.coded(_models(scene, rows), MODELS),
    }


def _models(scene: Scene, rows: Exchanges) -> NDArray[np.int64]:
    """Old, small, large or new: habits, then releases and a hardened model."""
    plans, key, account = scene.plans, scene.key, rows.account
    large = uniform(mix(key, 28, rows.session)) < plans["large"][account]
    small = np.where(
        rows.day > _SMALL_RELEASED + plans["large"][account] * 30, 1, OLD_MODEL
    )
    model = np.where(large, 2, small)
    chance = uniform(mix(key, 29, rows.session))
    softer = (rows.day > plans["soften_at"][account]) & (chance < 0.5)
    model = np.where(softer & (model == 2), OLD_MODEL, model)
    adopted = rows.day > plans["adopt_at"][account]
    moved = uniform(mix(key, 30, rows.session)) < plans["adopt_share"][account]
    return np.where(adopted & moved, NEW_MODEL, model).astype(np.int64)


def _request(
    scene: Scene, rows: Exchanges, rng: np.random.Generator
) -> dict[str, pa.Array]:
    """Tokens, status, conversation and everything about shape."""
    plans, table, key = scene.plans, scene.table, scene.key
    category = content.categories(key, table, rows)
    entered, answered, limit = content.tokens(rng, table, rows, category)
    status = statuses(scene, rows, rows.turn)
    before = statuses(scene, rows, rows.turn - 1)
    answered = np.where(status == OK, answered, 0)
    retry = (rows.turn > 1) & (before > FORBIDDEN)
    pace = rng.lognormal(0, 0.35, len(status))
    talk = (scene.sessions["turns"][rows.session] > 1) | (
        plans["surface"][rows.account] == 1
    )
    tools = table["tools"][rows.tmpl].astype(np.int64)
    columns = {
        "input_tokens": arrow.integers(entered, pa.int32()),
        "output_tokens": arrow.integers(answered, pa.int32()),
        "max_tokens": arrow.integers(limit, pa.int32(), limit > 0),
        "status": arrow.integers(status, pa.int32()),
        "latency_ms": arrow.integers((300 + 11 * answered) * pace, pa.int32()),
        "conversation_id": arrow.hex_texts(mix(key, 32, rows.session), "c_", talk),
        "turn": arrow.integers(rows.turn, pa.int32(), talk),
        "tools": arrow.integers(tools, pa.int32()),
        "retry_of": arrow.hex_texts(
            event_keys(key, rows.session, rows.turn - 1), "ev_", retry
        ),
    }
    return columns | _shape(scene, rows, rng, category, entered, status == OK)


def _shape(
    scene: Scene, rows: Exchanges, rng: np.random.Generator,
    category: NDArray[np.int64], entered: NDArray[np.int64],
    answered: NDArray[np.bool_],
) -> dict[str, pa.Array]:  # fmt: skip
    plans, table, key = scene.plans, scene.table, scene.key
    sketched = content.has_sketch(entered)
    wrapped = sketched & (table["free"][rows.tmpl] == 0)
    frozen = table["settings"][rows.tmpl] > 0
    wording = mix(key, 33, table["key"][rows.tmpl])
    usual = mix(key, 34, plans["settings"][rows.account])
    schema, tools = table["schema"][rows.tmpl] > 0, table["tools"][rows.tmpl] > 0
    columns = {
        "scaffold": arrow.hex_texts(content.wordings(key, table, rows), "", wrapped),
        "sketch": arrow.hex_texts(
            content.sketches(key, rng, table, rows), "", sketched
        ),
        "minhash": arrow.sixteen(content.minima(key, table, rows), sketched),
        "category": arrow.coded(category, CATEGORIES),
        "language_bucket": _languages(scene, rows),
        "params": arrow.hex_texts(np.where(frozen, wording, usual)),
        "schema": arrow.hex_texts(mix(wording, 1), "", schema),
        "tools_hash": arrow.hex_texts(mix(wording, 2), "", tools),
        "filler": arrow.sixteen(content.fillers(key, rows), sketched),
        "end_user": _end_users(scene, rows),
        "safety": _safety(scene, rows, rng),
        "elicits": _elicits(scene, rows, rng),
    }
    return columns | _signatures(scene, rows, category, answered)


def _languages(scene: Scene, rows: Exchanges) -> pa.Array:
    plans, places, key = scene.plans, scene.setting.places, scene.key
    usual = places.group[plans["country"][rows.account]]
    strays = (
        uniform(mix(key, 35, rows.session)) < plans["language_spread"][rows.account]
    )
    bucket = np.where(strays, below(mix(key, 36, rows.session), 8), usual)
    return arrow.coded(bucket, [f"b{at}" for at in range(8)])


def _end_users(scene: Scene, rows: Exchanges) -> pa.Array:
    plans, key = scene.plans, scene.key
    count = plans["end_users"][rows.account]
    given = (count > 0) & ~(rows.work & plans["on_stack"][rows.account])
    which = (uniform(mix(key, 37, rows.session)) ** 2 * count).astype(np.int64)
    return arrow.hex_texts(mix(key, 38, rows.account, which), "u_", given)


def _safety(scene: Scene, rows: Exchanges, rng: np.random.Generator) -> pa.Array:
    chance = rng.random(len(rows.tmpl)) / scene.table["refusals"][rows.tmpl]
    code = np.select([chance < 0.15, chance < 0.5, chance < 1], [3, 2, 1], 0)
    return arrow.coded(code, SAFETY)


def _elicits(scene: Scene, rows: Exchanges, rng: np.random.Generator) -> pa.Array:
    """Say what the edge classifier noticed; disguised work it misses."""
    kind = scene.table["elicits"][rows.tmpl].astype(np.int64)
    disguised = scene.plans["work_elicits"][rows.account]
    share = np.where(
        rows.work & (disguised >= 0),
        disguised,
        scene.table["elicits_share"][rows.tmpl],
    )
    chance = rng.random(len(kind))
    code = np.where(chance < share, kind, 0)
    code = np.where(chance > 0.996, rng.integers(1, len(ELICITS), len(kind)), code)
    return arrow.coded(code, ELICITS)


def _signatures(
    scene: Scene,
    rows: Exchanges,
    category: NDArray[np.int64],
    answered: NDArray[np.bool_],
) -> dict[str, pa.Array]:
    """Opaque reasoning blocks: returned, sent back next turn, or replayed elsewhere."""
    key = scene.key
    made = content.is_signed(key, category, rows.session) & answered
    previous = content.category_at(
        key, scene.table, rows.tmpl, rows.session, rows.turn - 1
    )
    again = (rows.turn > 1) & content.is_signed(key, previous, rows.session)
    source = scene.sessions["replay_of"][rows.session]
    replay = (rows.turn == 1) & (source >= 0)
    shown = np.where(
        replay, mix(key, 39, source, 1), mix(key, 39, rows.session, rows.turn - 1)
    )
    return {
        "signature_seen": arrow.hex_texts(shown, "", again | replay),
        "signature_made": arrow.hex_texts(
            mix(key, 39, rows.session, rows.turn), "", made
        ),
    }
