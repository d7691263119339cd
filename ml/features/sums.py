"""Sums of single days, from which questions about many days are put together.

Thirty days of exchanges are a hundred times one day, and tomorrow's thirty share
twenty-nine of them. So what such a question counts is defined here for the rows of any
time, in a form of which the parts of several days can be added up (or compared, for the
smallest and the largest). A backend may offer what it has kept of whole days; the rows
of all other days are counted on the spot, by the same definition.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

HOUR: Final = 3600
# Where people are at home, and production servers are not.
CONSUMER_CLASSES: Final = ("residential", "mobile", "isp")
REFUSED: Final = ("soft_refusal", "refusal", "blocked")
_TOO_MANY: Final = 429
_CHUNK: Final = 16  # tokens; keeps sums of squares small


@dataclass(frozen=True, slots=True)
class Rows:
    """Exchanges and windows of the same time, by the columns of ml.schema."""

    exchanges: Any
    windows: Any


@dataclass(frozen=True, slots=True)
class Daily:
    """What is counted of rows by account (and key), so that days can be added up.

    `of` may look no further than one UTC day, of which it always has all rows or those
    that a question asks about. `days` says how far back questions look (None: to the
    beginning): nothing else is worth keeping.
    """

    name: str
    days: tuple[int | None, ...]
    of: Callable[[Rows], Any]


def kept_name(daily: Daily, days: int | None) -> str:
    """Name the table in which a backend offers what it has kept."""
    return f"kept_{daily.name}_{part_name(days)}"


def rest_name(table: str, days: int | None) -> str:
    """Name the part of a table in which no row is of a day that was kept."""
    return f"{table}_{part_name(days)}_rest"


def part_name(days: int | None) -> str:
    return "all" if days is None else f"{days}d"


def counted(rows: Any, *keys: str) -> Any:
    """Return account_id, the keys, n: how many rows have them."""
    return rows.group_by(["account_id", *keys]).aggregate(n=rows.count())


def added(cells: Any, keys: Sequence[str]) -> Any:
    """Return the keys and n, each once: the cells of several days added up."""
    return cells.group_by([*keys]).aggregate(n=cells.n.sum().cast("int64"))


def _hours(rows: Rows) -> Any:
    """Return account_id, hour, window_s (0 of exchanges), single, grouped, consumer."""
    exchanges, windows = rows.exchanges, rows.windows
    exchanges = exchanges.mutate(hour=exchanges.occurred_at.epoch_seconds() // HOUR)
    at_home = exchanges.ip_class.isin(CONSUMER_CLASSES)
    single = exchanges.group_by("account_id", "hour").aggregate(
        window_s=(exchanges.count() * 0).cast("int32"),
        single=exchanges.count(),
        grouped=exchanges.count() * 0,
        consumer=exchanges.count(where=at_home),
    )
    window_home = windows.top_ip_class.isin(CONSUMER_CLASSES)
    grouped = windows.group_by(
        "account_id", "window_s", hour=windows.window_start.epoch_seconds() // HOUR
    ).aggregate(
        single=windows.count() * 0,
        grouped=windows.requests.sum().cast("int64"),
        consumer=window_home.ifelse(windows.requests, 0).sum().cast("int64"),
    )
    return single.union(grouped.select(*single.columns))


def merged_hours(parts: Any, *, longest: int = HOUR) -> Any:
    """Return account_id, hour, requests, seen, consumer: one row an active hour.

    `parts` are those of HOURS; see `Known.hours`.
    """
    parts = parts.filter(parts.window_s <= longest)
    merged = parts.group_by("account_id", "hour").aggregate(
        single=parts.single.sum(),
        grouped=parts.grouped.sum(),
        consumer=parts.consumer.sum(),
    )
    larger = (merged.single > merged.grouped).ifelse(merged.single, merged.grouped)
    return merged.select(
        "account_id",
        "hour",
        "consumer",
        requests=larger,
        seen=merged.single + merged.grouped,
    )


def _firsts(rows: Rows) -> Any:
    """Return account_id, first: the first hour since the epoch with any request."""
    exchanges, windows = rows.exchanges, rows.windows
    firsts = exchanges.group_by("account_id").aggregate(
        first=exchanges.occurred_at.epoch_seconds().min() // HOUR
    )
    firsts = firsts.union(
        windows.group_by("account_id").aggregate(
            first=windows.window_start.epoch_seconds().min() // HOUR
        )
    )
    return firsts.group_by("account_id").aggregate(first=firsts.first.min())


def _exchanges(rows: Rows) -> Any:
    """Return account_id and sums of its exchanges, one number of each kind.

    `judged` exchanges were judged for what they ask, `answered` ones for refusal.
    `size` sums prompts in 16 tokens, begun ones included, `squares` their squares.
    """
    exchanges = rows.exchanges
    size = exchanges.input_tokens.cast("int64") // _CHUNK + 1
    return exchanges.group_by("account_id").aggregate(
        requests=exchanges.count(),
        named=exchanges.count(where=exchanges.end_user.notnull()),
        refused=exchanges.count(where=exchanges.status == _TOO_MANY),
        input=exchanges.input_tokens.sum().cast("int64"),
        output=exchanges.output_tokens.sum().cast("int64"),
        size=size.sum().cast("int64"),
        squares=(size * size).sum().cast("decimal(38, 0)"),
        judged=exchanges.count(where=exchanges.elicits.notnull()),
        reasoning=exchanges.count(where=exchanges.elicits == "reasoning"),
        rubric=exchanges.count(where=exchanges.elicits == "rubric"),
        probes=exchanges.count(where=exchanges.elicits == "probe"),
        answered=exchanges.count(where=exchanges.safety.notnull()),
        unanswered=exchanges.count(where=exchanges.safety.isin(REFUSED)),
    )


def _windows(rows: Rows) -> Any:
    """Return account_id, requests, refused (429), input, output."""
    windows = rows.windows
    return windows.group_by("account_id").aggregate(
        requests=windows.requests.sum().cast("int64"),
        refused=windows.status_429.sum().fill_null(0).cast("int64"),
        input=windows.input_tokens.sum().cast("int64"),
        output=windows.output_tokens.sum().cast("int64"),
    )


def _scaffolds(rows: Rows) -> Any:
    """Return account_id, scaffold, n."""
    exchanges = rows.exchanges
    return counted(exchanges.filter(exchanges.scaffold.notnull()), "scaffold")


def _fillers(rows: Rows) -> Any:
    """Return account_id, scaffold, first, n: the first minimum of its fillers."""
    exchanges = rows.exchanges
    exchanges = exchanges.filter(
        exchanges.scaffold.notnull(), exchanges.filler.length() > 0
    )
    return counted(exchanges.mutate(first=exchanges.filler[0]), "scaffold", "first")


def _parameters(rows: Rows) -> Any:
    """Return account_id, params, pinned, n; max_tokens is pinned where params lack."""
    exchanges = rows.exchanges
    exchanges = exchanges.mutate(
        pinned=exchanges.params.coalesce(exchanges.max_tokens.cast("string"))
    )
    return counted(exchanges.filter(exchanges.pinned.notnull()), "params", "pinned")


def _shapes(rows: Rows) -> Any:
    """Return account_id, shape, n: of answer schemas, and of tool sets without one."""
    exchanges = rows.exchanges
    exchanges = exchanges.mutate(
        shape=exchanges["schema"].coalesce(exchanges.tools_hash)
    )
    return counted(exchanges.filter(exchanges["shape"].notnull()), "shape")


def _clients(rows: Rows) -> Any:
    """Return account_id, client, n."""
    exchanges = rows.exchanges
    return counted(exchanges.filter(exchanges.client.notnull()), "client")


def _places(rows: Rows) -> Any:
    """Return account_id, key_id, net, asn, ip_class, n."""
    return counted(rows.exchanges, "key_id", "net", "asn", "ip_class")


def _window_places(rows: Rows) -> Any:
    """Return account_id, net, asn, ip_class, n: where most of a window came from."""
    windows = rows.windows.mutate(net="top_net", asn="top_asn", ip_class="top_ip_class")
    return counted(windows, "net", "asn", "ip_class")


HOURS: Final = Daily("hours", (7, 30), _hours)
FIRSTS: Final = Daily("firsts", (None,), _firsts)
EXCHANGES: Final = Daily("exchanges", (7, 30), _exchanges)
WINDOWS: Final = Daily("windows", (7,), _windows)
SCAFFOLDS: Final = Daily("scaffolds", (30,), _scaffolds)
FILLERS: Final = Daily("fillers", (30,), _fillers)
PARAMETERS: Final = Daily("parameters", (30,), _parameters)
SHAPES: Final = Daily("shapes", (30,), _shapes)
CLIENTS: Final = Daily("clients", (7, 30), _clients)
PLACES: Final = Daily("places", (7, 30), _places)
WINDOW_PLACES: Final = Daily("window_places", (7,), _window_places)
