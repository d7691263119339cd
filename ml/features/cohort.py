"""Features of what an account shares with new accounts and old ones do not show.

How frequent a value is says nothing: the largest campaign is the most frequent
scaffold. What counts is the contrast of cohorts. Of a public tool or a popular tutorial
old accounts know as much as new ones; a wrapper that two hundred accounts of the last
weeks share and no older account ever used has one source.
"""

from typing import Any, Final

from ml.features.feature import Feature, Floor
from ml.features.known import Known, some, unequal_share
from ml.features.sums import (
    CLIENTS,
    FILLERS,
    PARAMETERS,
    SCAFFOLDS,
    SHAPES,
    added,
)

OLD_DAYS: Final = 60
# One exchange may be a stray; a value belongs to an account that used it three times.
USED: Final = 3
# How many new holders the expectation is worth: two or three prove nothing.
DOUBT: Final = 3
# A population without this many old accounts offers no contrast.
LEAST_OLD: Final = 30
# Accounts that must share a scaffold before its fillings are compared among them.
LEAST_SHARING: Final = 5
_KINDS: Final = {
    "scaffold": SCAFFOLDS,
    "params": PARAMETERS,
    "shape": SHAPES,
    "client": CLIENTS,
}


def contrasts(known: Known) -> Any:
    """Return account_id and, for each kind of value, how young its holders are.

    For a value with y new and o old other holders among Y new and O old accounts that
    show the kind at all: (y + 3) / ((o + 1) * Y / (O + 1) + 3), a likelihood ratio
    shrunk to 1. Of several values of an account the youngest counts.
    """
    held = _traits(known)
    accounts = known.table("accounts", "created_at", everybody=True)
    border = known.moment(accounts.created_at, OLD_DAYS)
    owners = accounts.select(
        "account_id", old=(accounts.created_at <= border).ifelse(1, 0)
    )
    held = held.join(owners, "account_id")
    people = held.select("kind", "account_id", "old").distinct()
    sizes = people.group_by("kind").aggregate(
        old_all=people.old.sum().cast("int64"), all=people.count()
    )
    holders = held.group_by("kind", "value").aggregate(
        old_with=held.old.sum().cast("int64"), all_with=held.count()
    )
    if known.account_ids is not None:
        held = held.filter(held.account_id.isin(known.account_ids))
    rows = held.join(holders, ["kind", "value"]).join(sizes, "kind")
    old = rows.old_with - rows.old
    young = rows.all_with - rows.old_with - (1 - rows.old)
    young_all = rows.all - rows.old_all
    ratio = ((young + DOUBT) * (rows.old_all + 1)) / (
        (old + 1) * young_all + DOUBT * (rows.old_all + 1)
    )
    rows = rows.mutate(lift=(rows.old_all >= LEAST_OLD).ifelse(ratio, 1.0))
    return rows.group_by("account_id").aggregate(
        **{kind: rows.lift.max(where=rows.kind == kind) for kind in _KINDS}
    )


def _traits(known: Known) -> Any:
    """Return account_id, kind, value: what at least three exchanges of 30 days show."""
    parts = None
    for kind, daily in _KINDS.items():
        one = known.sums(daily, 30, everybody=True)
        one = one.select("account_id", "n", value=kind)
        one = added(one.filter(one.value.notnull()), ["account_id", "value"])
        one = one.filter(one.n >= USED).mutate(kind=_text(kind))
        one = one.select("account_id", "kind", "value")
        parts = one if parts is None else parts.union(one)
    return parts


def _text(word: str) -> Any:
    import ibis  # half a second, which only bulk work pays

    return ibis.literal(word)


def partitions(known: Known) -> Any:
    """Return account_id, apart: how rarely accounts of one scaffold ask the same.

    Two fillers agree in their first minimum with a chance equal to their likeness. Over
    pairs of requests of different accounts inside one scaffold, `apart` is the share
    that differ, shrunk to 0; of an account's scaffolds with at least five accounts the
    highest. One data set dealt out has no repeat; honest users of one product have.
    """
    days = known.sums(FILLERS, 30, everybody=True)
    cells = added(days, ["scaffold", "account_id", "first"])
    fillers = cells.group_by("scaffold", "first").aggregate(
        n=cells.n.sum().cast("int64"), own=(cells.n * cells.n).sum().cast("int64")
    )
    equal = fillers.group_by("scaffold").aggregate(
        equal=(fillers.n * fillers.n - fillers.own).sum().cast("int64")
    )
    owned = cells.group_by("scaffold", "account_id").aggregate(
        n=cells.n.sum().cast("int64")
    )
    whole = owned.group_by("scaffold").aggregate(
        accounts=owned.count(),
        n=owned.n.sum().cast("int64"),
        own=(owned.n * owned.n).sum().cast("int64"),
    )
    whole = whole.filter(whole.accounts >= LEAST_SHARING).join(equal, "scaffold")
    whole = whole.mutate(pairs=whole.n * whole.n - whole.own)
    scaffolds = whole.select("scaffold", apart=unequal_share(whole))
    owned = owned.filter(owned.n >= USED)
    if known.account_ids is not None:
        owned = owned.filter(owned.account_id.isin(known.account_ids))
    mine = owned.join(scaffolds, "scaffold")
    return mine.group_by("account_id").aggregate(apart=mine.apart.max())


FEATURES: Final = (
    Feature(
        name="young_scaffold_times_30d",
        family="LNK",
        code="LNK-11",
        group="usage",
        unit="times",
        window="30d",
        direction=1,
        label="A prompt scaffold of new accounts only",
        analyst_text=(
            "One of its prompt scaffolds is {value} times as common among new accounts "
            "as old ones let expect."
        ),
        misleads="A new product, course or framework spreads among new accounts too.",
        missing="no scaffold was used three times in 30 days",
        source=contrasts,
        value=lambda t: t.scaffold,
        floor=Floor("exchange_count_30d", 20),
        customer_safe_key="usage_pattern",
    ),
    Feature(
        name="young_parameter_times_30d",
        family="LNK",
        code="LNK-12",
        group="usage",
        unit="times",
        window="30d",
        direction=1,
        label="A parameter set of new accounts only",
        analyst_text=(
            "Its set of sampling parameters is {value} times as common among new "
            "accounts as old ones let expect."
        ),
        misleads="A new release of a library brings new default parameters.",
        missing="no set of parameters was used three times in 30 days",
        source=contrasts,
        value=lambda t: t.params,
        floor=Floor("exchange_count_30d", 20),
    ),
    Feature(
        name="young_schema_times_30d",
        family="LNK",
        code="LNK-13",
        group="usage",
        unit="times",
        window="30d",
        direction=1,
        label="An answer schema or tool set of new accounts only",
        analyst_text=(
            "Its answer schema or tool set is {value} times as common among new "
            "accounts as old ones let expect."
        ),
        misleads="Published agents and tool servers are adopted by many within days.",
        missing="no schema and no set of tools was used three times in 30 days",
        source=contrasts,
        value=lambda t: t.shape,
        floor=Floor("exchange_count_30d", 20),
    ),
    Feature(
        name="young_client_times_30d",
        family="CLI",
        code="CLI-03",
        group="usage",
        unit="times",
        window="30d",
        direction=1,
        label="Client software of new accounts only",
        analyst_text=(
            "Its client software is {value} times as common among new accounts as old "
            "ones let expect."
        ),
        misleads="A new release of a browser or library appears among all at once.",
        missing="no client software was seen three times in 30 days",
        source=contrasts,
        value=lambda t: t.client,
        floor=Floor("exchange_count_30d", 20),
    ),
    Feature(
        name="disjoint_filler_ratio_30d",
        family="LNK",
        code="LNK-14",
        group="usage",
        unit="share",
        window="30d",
        direction=1,
        label="Work divided among accounts of one scaffold",
        analyst_text=(
            "{value} of pairs of requests of different accounts in one of its "
            "scaffolds have different content."
        ),
        misleads="Honest users of one large product may all write something else.",
        missing="no scaffold of its own is used by five accounts in 30 days",
        source=partitions,
        value=lambda t: some(t.apart, t.apart),
        floor=Floor("exchange_count_30d", 20),
        customer_safe_key="usage_pattern",
    ),
)
