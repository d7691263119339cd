"""A world that answers bans: replacements, lost work, and stretches of a bundle."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from ml.benchmark import cut_bundle, open_loop, write_stretch
from ml.benchmark.cut import TIMES
from ml.simulate import simulate

END = datetime(2026, 11, 1, tzinfo=UTC)
BAN = END - timedelta(days=75)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    simulate(folder, "tiny", 5)
    return folder


@pytest.fixture
def loop(world):
    return open_loop(world, 5)


@pytest.fixture
def worker(loop, world):
    """Return the ring account that works most after the ban."""
    days = pl.read_parquet(world / "truth" / "days.parquet")
    before = set(days.filter(pl.col("day") < BAN)["account_id"])
    later = days.filter(pl.col("day") > BAN).group_by("account_id").agg(pl.len())
    later = later.filter(pl.col("account_id").is_in(list(before)))
    return later.sort("len", "account_id")["account_id"][-1]


def read(folder, name):
    return pl.read_parquet(folder / f"{name}.parquet")


def test_stretches_add_up_to_the_bundle(world, tmp_path):
    moments = [END - timedelta(days=at) for at in (80, 40, 0)]
    since = None
    for number, moment in enumerate(moments):
        cut_bundle(world / "bundle", moment, tmp_path / str(number), since=since)
        since = moment
    for name in set(TIMES) - {"api_keys"}:
        parts = [
            read(tmp_path / str(at), name)
            for at in range(3)
            if (tmp_path / str(at) / f"{name}.parquet").exists()
        ]
        assert pl.concat(parts).equals(read(world / "bundle", name))


def test_nobody_knows_of_a_revocation_to_come(world, tmp_path):
    first, last = END - timedelta(days=60), END
    cut_bundle(world / "bundle", first, tmp_path / "a")
    cut_bundle(world / "bundle", last, tmp_path / "b", since=first)

    early, late = read(tmp_path / "a", "api_keys"), read(tmp_path / "b", "api_keys")
    assert early["revoked_at"].max() <= first
    again = late.filter(pl.col("key_id").is_in(early["key_id"].to_list()))
    assert again.height > 0
    assert again["revoked_at"].min() > first
    whole = pl.concat([early, late]).unique("key_id", keep="last", maintain_order=True)
    assert whole.sort("key_id").equals(
        read(world / "bundle", "api_keys").sort("key_id")
    )


def test_without_bans_a_stretch_is_what_was_written(loop, world, tmp_path):
    write_stretch(loop, BAN, tmp_path / "a", None)
    cut_bundle(world / "bundle", BAN, tmp_path / "b")

    for path in (tmp_path / "b").iterdir():
        assert (tmp_path / "a" / path.name).read_bytes() == path.read_bytes()


def test_a_lost_account_is_replaced_and_its_work_goes_on(loop, world, worker, tmp_path):
    assert loop.ban([worker, worker], BAN) == 1
    heir = loop.places[worker][1]
    write_stretch(loop, END, tmp_path / "all", None)
    written, now = read(world / "bundle", "usage"), read(tmp_path / "all", "usage")
    before = written.filter(pl.col("account_id") == worker)
    old = now.filter(pl.col("account_id") == worker)
    new = now.filter(pl.col("account_id") == heir.account_id)

    assert old["occurred_at"].max() < BAN
    assert new["occurred_at"].min() >= heir.since > BAN
    lost = before.filter(
        (pl.col("occurred_at") >= BAN) & (pl.col("occurred_at") < heir.since)
    )
    assert old.height + new.height + lost.height == before.height
    assert new.height > 0
    assert set(new["event_id"]) <= set(before["event_id"])
    assert not set(new["key_id"]) & set(before["key_id"])
    assert now["event_id"].equals(now.sort("occurred_at", "event_id")["event_id"])
    others = now.filter(~pl.col("account_id").is_in([worker, heir.account_id]))
    assert others.equals(written.filter(pl.col("account_id") != worker))


def test_a_replacement_signs_up_as_somebody_else(loop, world, worker, tmp_path):
    loop.ban([worker], BAN)
    heir = loop.places[worker][1]
    write_stretch(loop, END, tmp_path / "all", None)
    rows = read(tmp_path / "all", "accounts")
    mine = rows.filter(pl.col("account_id") == heir.account_id).sort("valid_from")
    lost = rows.filter(pl.col("account_id") == worker)[0]

    assert mine["email"].n_unique() == 1
    assert mine["email"][0] != lost["email"][0]
    assert mine["email_verified"].to_list() == [False, True]
    assert set(mine["created_at"]) == {heir.since}
    for column in rows.columns:
        if column not in {"customer_id", "parent_account_id"}:
            assert (mine[column][0] is None) == (lost[column][0] is None)
    keys = read(tmp_path / "all", "api_keys")["account_id"].to_list()
    assert heir.account_id in keys
    actions = read(tmp_path / "all", "events").filter(
        (pl.col("account_id") == worker) & (pl.col("occurred_at") == BAN)
    )
    assert actions["type"].to_list() == ["action.taken"]


def test_the_same_ban_meets_the_same_answer(world, worker):
    one, other = open_loop(world, 5), open_loop(world, 5)
    there = (who for who in one.people.values() if who.created_at < BAN)
    honest = next(who.account_id for who in there if who.honest)
    one.ban([worker], BAN)
    other.ban([honest], BAN)  # what else is banned moves nothing
    other.ban([worker], BAN)

    assert one.places[worker][1] == other.places[worker][1]
    assert len(other.places[honest]) == 1


def test_a_replacement_can_be_lost_too(loop, worker):
    loop.ban([worker], BAN)
    heir = loop.places[worker][1]
    assert loop.ban([worker], BAN + timedelta(days=9)) == 0  # it is gone already
    assert loop.ban([heir.account_id], heir.since + timedelta(days=1)) == 1

    names = [holder.account_id for holder in loop.places[worker]]
    assert len(set(names)) == len(names) >= 2
    truth = {one.account_id: one for one in loop.truth()}
    assert {truth[name].ring for name in names} == {loop.people[worker].ring}


def test_an_account_that_is_not_there_yet_can_not_be_banned(loop):
    late = max(loop.people.values(), key=lambda one: one.created_at)

    assert loop.ban([late.account_id, "acc_nobody"], BAN) == 0
    assert loop.places == {}


def test_what_bans_keep_back_is_asked_and_not_answered(loop, worker):
    before = {(row[0], row[1]): row for row in loop.work.rows()}
    loop.ban([worker], BAN)
    heir = loop.places[worker][1]
    rows = loop.worked().rows()

    assert sum(row[2] for row in rows) == sum(row[2] for row in before.values())
    for name, day, _, served in rows:
        if name in {worker, heir.account_id}:
            was = before[worker, day][3]
            gap = day >= BAN and day + timedelta(days=1) <= heir.since
            assert served == (0 if gap else served) <= was
    assert {row[0] for row in rows if row[1] > heir.since} & {heir.account_id}
