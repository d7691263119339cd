"""What one account or one key did, for a page: facts only, as known at a moment."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from datetime import date as Date  # noqa: N812 - `date` is a column here
from typing import Any, Final

from apps.customers.models import Account, ApiKey
from apps.signals.models import Event, Outcome
from apps.signals.selectors import lake
from apps.signals.selectors.duck import connect
from apps.signals.selectors.usage import open_usage

_SHOWN: Final = (
    "key_id",
    "ip_class",
    "asn",
    "fingerprint",
    "bin",
    "funding",
    "country",
    "success",
    "mfa",
    "amount_minor",
    "currency",
    "plan",
    "method",
    "result",
    "action",
)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of an account's history; `details` hold no personal value."""

    at: datetime
    kind: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UsageDay:
    """Exchanges of one day (UTC), windows included."""

    date: Date
    requests: int
    input_tokens: int
    output_tokens: int
    refused: int  # answered with 4xx or 5xx


@dataclass(frozen=True, slots=True)
class Seen:
    """A network or client of a key: how often, from when to when."""

    value: str
    note: str
    requests: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class KeyActivity:
    """The life of one key."""

    key_id: str
    account_id: str
    created_at: datetime
    revoked_at: datetime | None
    environment: str | None
    first_at: datetime | None = None
    last_at: datetime | None = None
    requests: int = 0
    networks: list[Seen] = field(default_factory=list)
    clients: list[Seen] = field(default_factory=list)


def timeline(account: Account, as_of: datetime, limit: int = 50) -> list[TimelineEntry]:
    """Return the latest events and outcomes of an account, newest first."""
    events = Event.objects.known_at(as_of).filter(account=account)
    entries = [
        TimelineEntry(event.occurred_at, event.type, _details(event))
        for event in events.order_by("-occurred_at", "-id")[:limit]
    ]
    outcomes = Outcome.objects.filter(account=account, known_at__lte=as_of)
    entries += [
        TimelineEntry(
            outcome.known_at,
            f"outcome.{outcome.label}",
            {"source": outcome.source, "subtype": outcome.subtype},
        )
        for outcome in outcomes.order_by("-known_at", "-id")[:limit]
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


def _details(event: Event) -> dict[str, Any]:
    values = {name: getattr(event, name) for name in _SHOWN}
    return {name: value for name, value in values.items() if value is not None}


def usage_by_day(account_id: str, as_of: datetime, days: int = 90) -> list[UsageDay]:
    """Return the account's days with usage before `as_of`, oldest first."""
    since = as_of - timedelta(days=days)
    query = """
        SELECT day, sum(requests)::BIGINT, sum(input_tokens)::BIGINT,
            sum(output_tokens)::BIGINT, sum(refused)::BIGINT
        FROM (
            SELECT occurred_at::DATE AS day, 1 AS requests, input_tokens,
                output_tokens, (status >= 400)::INT AS refused FROM usage
            UNION ALL
            SELECT window_start::DATE, requests, input_tokens, output_tokens,
                coalesce(status_4xx, 0) + coalesce(status_429, 0)
                    + coalesce(status_5xx, 0) FROM usage_window
        ) GROUP BY day ORDER BY day
    """
    return [UsageDay(*row) for row in _run(query, account_id, as_of, since)]


def key_activity(key_id: str, as_of: datetime) -> KeyActivity | None:
    """Return the life, networks and clients of a key, or None when it is not known."""
    key = _key(key_id, as_of)
    if key is None:
        return None
    query = f"""
        WITH mine AS MATERIALIZED (
            SELECT * FROM usage WHERE key_id = {lake.literal(key_id)}
        )
        SELECT 'all' AS part, '' AS value, '' AS note, count(*) AS requests,
            min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM mine
        UNION ALL
        SELECT 'net', net, concat_ws(' ', any_value(ip_class),
            'AS' || any_value(asn)::VARCHAR), count(*), min(occurred_at),
            max(occurred_at) FROM mine WHERE net IS NOT NULL GROUP BY net
        UNION ALL
        SELECT 'client', client, '', count(*), min(occurred_at), max(occurred_at)
            FROM mine WHERE client IS NOT NULL GROUP BY client
        ORDER BY part, requests DESC, value
    """
    rows = _run(query, key.account_id, as_of, key.created_at)
    total = next(row for row in rows if row[0] == "all")
    return replace(
        key,
        first_at=total[4],
        last_at=total[5],
        requests=total[3],
        networks=[Seen(*row[1:]) for row in rows if row[0] == "net"],
        clients=[Seen(*row[1:]) for row in rows if row[0] == "client"],
    )


def _key(key_id: str, as_of: datetime) -> KeyActivity | None:
    """Return what was handed over of a key, else what events say of it."""
    known = ApiKey.objects.filter(
        key_id=key_id, created_at__lte=as_of, recorded_at__lte=as_of
    )
    key = known.select_related("account").order_by("-recorded_at", "-id").first()
    said = Event.objects.known_at(as_of).filter(key_id=key_id)
    made = said.filter(type="api_key.created").select_related("account").first()
    ended = said.filter(type="api_key.revoked").order_by("occurred_at").first()
    source = key or made
    if source is None:
        return None
    revoked_at = _past(key.revoked_at, as_of) if key else None
    return KeyActivity(
        key_id=key_id,
        account_id=source.account.account_id,
        created_at=source.created_at if key else source.occurred_at,
        revoked_at=revoked_at or (ended.occurred_at if ended else None),
        environment=key.environment if key else None,
    )


def _past(moment: datetime | None, as_of: datetime) -> datetime | None:
    return moment if moment is not None and moment <= as_of else None


def _run(
    query: str, account_id: str, as_of: datetime, since: datetime
) -> list[tuple[Any, ...]]:
    """Run a query over the views of one account's usage; times come back aware."""
    with connect(memory="512MB", threads=1) as database:
        open_usage(database, as_of=as_of, account_ids=[account_id], since=since)
        rows = database.execute(query).fetchall()
    return [tuple(_aware(value) for value in row) for row in rows]


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
