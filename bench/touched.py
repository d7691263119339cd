"""Which accounts have news."""

from datetime import datetime
from typing import Any


def touched_since(backend: Any, since: datetime) -> list[str]:
    """Return the accounts with facts recorded after `since`, sorted."""
    found: set[str] = set()
    for name in ("usage", "usage_window", "accounts", "account_values", "events"):
        table = backend.table(name)
        news = table.filter(table.recorded_at > since).account_id.to_pyarrow()
        found |= set(news.to_pylist())
    outcomes = backend.table("outcomes")
    news = outcomes.filter(outcomes.known_at > since).account_id.to_pyarrow()
    return sorted(found | set(news.to_pylist()))
