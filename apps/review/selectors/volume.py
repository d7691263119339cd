"""How much accounts use, for the stakes of their cases; one pass for all of them."""

from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import NamedTuple

from apps.customers.models import Account
from apps.decisions.models import Decision
from apps.signals.selectors.duck import connect
from apps.signals.selectors.usage import open_usage

DAYS = 7
_SQL = """
SELECT account_id, sum(tokens)::DOUBLE, max(used_at) FROM (
    SELECT account_id, occurred_at AS used_at,
        input_tokens::BIGINT + output_tokens AS tokens FROM usage
    UNION ALL
    SELECT account_id, window_start, input_tokens + output_tokens FROM usage_window
) GROUP BY account_id
"""


class Volume(NamedTuple):
    tokens_per_hour: float
    idle_days: float


def volumes(decisions: Sequence[Decision]) -> dict[int, Volume]:
    """Return account -> volume over the week before its decision."""
    ids = {one.account_id for one in decisions}
    if not ids:
        return {}
    as_of = max(one.as_of for one in decisions)
    names = dict(Account.objects.filter(pk__in=ids).values_list("account_id", "pk"))
    with connect(memory="512MB", threads=1) as database:
        open_usage(
            database,
            as_of=as_of,
            account_ids=list(names),
            since=as_of - timedelta(days=DAYS),
        )
        rows = database.execute(_SQL).fetchall()
    return {
        names[account]: Volume(
            tokens / (24 * DAYS),
            (as_of - last.replace(tzinfo=UTC)) / timedelta(days=1),
        )
        for account, tokens, last in rows
    }
