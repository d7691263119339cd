"""The worlds beside the main one: few accounts, permuted attributes, real clients."""

import json

import numpy as np
import polars as pl
import pytest
from scipy.stats import ks_2samp

from ml.simulate import NoTracesError, Variant, simulate
from ml.simulate.levels import OPERATORS
from ml.simulate.traces import HOURS, POOLS, read_clients
from tests.unit.ml_simulate.conftest import World

HOURS_OF_DAY = 24


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    folder = tmp_path_factory.mktemp("few")
    simulate(folder, "nano", 5, variant=Variant("few"))
    return World(folder)


@pytest.fixture(scope="module")
def permuted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("permuted")
    simulate(folder, "nano", 5, variant=Variant("permuted"))
    return World(folder)


@pytest.fixture(scope="session")
def traces(tmp_path_factory):
    """Return invented traces in the shape of the real ones: 120 clients."""
    folder = tmp_path_factory.mktemp("traces") / "llm_traces"
    folder.mkdir()
    rng = np.random.default_rng(3)
    rates, stats = [], []
    for number in range(120):
        name = {"model": POOLS[number % 3], "client": number}
        daily = float(rng.lognormal(8.5, 1))
        t = np.arange(HOURS * 6) * 600
        shape = rng.gamma(2, 0.5, len(t)) * daily / 86_400
        rates.append(pl.DataFrame({"t": t, "rate": shape}).with_columns(_columns(name)))
        t = np.arange(HOURS // 6) * 21_600
        entered = rng.lognormal(6.2, 1) * rng.uniform(0.8, 1.2, len(t))
        answered = rng.lognormal(4, 1) * rng.uniform(0.8, 1.2, len(t))
        stats.append(
            pl.DataFrame(
                {
                    "t": t,
                    **_law("input", entered),
                    **_law("output", answered),
                }
            ).with_columns(_columns(name))
        )
    pl.concat(rates).write_parquet(folder / "servegen_client_rates.parquet")
    pl.concat(stats).write_parquet(folder / "servegen_client_token_stats.parquet")
    return folder.parent


def _columns(values):
    return [pl.lit(value).alias(name) for name, value in values.items()]


def _law(side, middle):
    names = ("mean", "p50", "p95")
    return {
        f"{side}_tokens_{name}": middle * at
        for name, at in zip(names, (1.2, 1, 3), strict=True)
    }


@pytest.fixture(scope="module")
def riders(traces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("riders")
    simulate(folder, "tiny", 5, variant=Variant("riders", traces=traces))
    return World(folder)


def _asked(world):
    """Return the requests of every account that reports windows."""
    window = world.table("usage_window").with_columns(
        pl.col("requests").cast(pl.Int64), pl.col("input_tokens").cast(pl.Int64)
    )
    rows = window.group_by("account_id").agg(
        pl.col("requests").sum(), pl.col("input_tokens").sum()
    )
    return rows.join(world.truth(), on="account_id")


def test_a_campaign_of_few_asks_as_much_as_each_permitted_team(few):
    asked = _asked(few).filter(
        (pl.col("class") == "ring")
        | pl.col("archetype").is_in(["synthetic_data", "nightly_eval", "red_team"])
    )
    unit = pl.coalesce("ring", pl.concat_str("archetype", "group", separator=" "))
    teams = asked.drop_nulls("group" if False else "class").group_by(
        unit.alias("unit"), pl.col("class")
    )
    totals = teams.agg(pl.col("requests").sum(), pl.len().alias("accounts"))
    rings = totals.filter(pl.col("class") == "ring")
    others = totals.filter(
        (pl.col("class") == "honest") & (pl.col("requests") > 50_000)
    )

    assert rings.height >= 10
    assert others.height >= 3 * rings.height * 0.9
    assert rings["accounts"].max() <= 5
    assert 70_000 < rings["requests"].mean() < 130_000
    assert ks_2samp(rings["requests"], others["requests"]).pvalue > 0.01


def test_teams_have_permission_or_a_register_and_campaigns_have_not(few):
    accounts = few.table("accounts").unique("account_id")
    rows = accounts.join(few.truth(), on="account_id").filter(
        pl.col("account_id").is_in(_asked(few)["account_id"].to_list())
    )
    allowed = rows.group_by("class", "archetype").agg(
        pl.col("permitted_scope").is_not_null().mean().alias("share")
    )
    shares = {(kind, name): share for kind, name, share in allowed.rows()}
    assert shares["honest", "synthetic_data"] > 0.8
    assert shares["honest", "red_team"] > 0.8
    assert all(share == 0 for (kind, _), share in shares.items() if kind == "ring")


def test_prompts_of_few_come_in_many_languages(few):
    rows = few.table("usage").join(few.truth(), on="account_id")
    spread = rows.group_by("class", "archetype").agg(
        pl.col("language_bucket").n_unique().alias("languages"), pl.len()
    )
    rings = spread.filter(pl.col("class") == "ring")
    assert rings["languages"].min() >= 6


def test_nobody_conspires_in_a_permuted_world(permuted, nano):
    assert set(permuted.truth()["class"]) == {"honest", "other-fraud"}
    assert permuted.truth("rings").is_empty()
    assert permuted.truth("days").is_empty()
    before = nano.truth().filter(pl.col("class") == "honest")
    assert permuted.truth().filter(pl.col("class") == "honest").height == before.height


def _pairs(world, *columns):
    """Return how many pairs outside of rings agree in all of these columns."""
    rows = world.table("accounts").unique("account_id").drop_nulls(columns)
    rows = rows.join(
        world.truth().filter(pl.col("class") != "ring"), on="account_id", how="semi"
    )
    sizes = rows.group_by(columns).len()["len"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


def test_permuting_keeps_values_and_breaks_their_company(permuted, nano):
    for column in ("payment_fingerprint", "address_line"):
        assert _pairs(permuted, column) == _pairs(nano, column) > 5
    before = _pairs(nano, "address_line", "signup_device_id")
    assert before > 5
    assert _pairs(permuted, "address_line", "signup_device_id") <= before / 5


def test_riders_ask_like_the_real_clients_beside_them(riders):
    real = riders.truth("carriers").join(_asked(riders), on="account_id")
    rings = real.filter(pl.col("class") == "ring")
    others = real.filter(pl.col("class") == "honest")

    assert rings.height == 40
    assert rings["ring"].n_unique() == 5
    assert others.height >= 75
    for column in (pl.col("requests"), pl.col("input_tokens") / pl.col("requests")):
        pair = [part.select(column.alias("x"))["x"] for part in (rings, others)]
        assert ks_2samp(*pair).pvalue > 0.01


def test_hours_of_a_rider_are_those_of_its_client(riders, traces):
    """Tokens for each request are the trace's own, not a template's."""
    known = {
        round(value) for one in read_clients(traces, 250) for value in one.tokens[:, 1]
    }
    window = riders.table("usage_window").join(
        riders.truth("carriers"), on="account_id", how="semi"
    )
    assert window.height > 10_000
    assert set(window["input_p50"]) <= known


def test_riders_without_traces_say_what_is_missing(tmp_path):
    with pytest.raises(NoTracesError, match="folder of real traces"):
        simulate(tmp_path / "a", "tiny", 5, variant=Variant("riders"))
    with pytest.raises(NoTracesError, match="servegen_client_rates"):
        simulate(tmp_path / "a", "tiny", 5, variant=Variant("riders", traces=tmp_path))
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("half", ["first", "second"])
def test_half_of_the_operators_work_in_their_ways_alone(tmp_path, half, tiny):
    simulate(tmp_path, "tiny", 5, variant=Variant(operators=half))

    rings = pl.read_parquet(tmp_path / "truth" / "rings.parquet")
    assert set(rings["mechanism"]) <= set(OPERATORS[half])
    assert rings["ring"].to_list() == tiny.truth("rings")["ring"].to_list()
    told = json.loads((tmp_path / "truth" / "world.json").read_text())
    assert told["operators"] == half


def test_work_of_each_day_adds_up(tiny, few):
    for world in (tiny, few):
        days = world.truth("days").group_by("account_id").agg(pl.col("asked").sum())
        joined = world.truth().join(days, on="account_id", how="left")
        work = joined["work_exchanges"].to_list()
        assert joined["asked"].fill_null(0).to_list() == work
        assert (world.truth("days")["served"] <= world.truth("days")["asked"]).all()
