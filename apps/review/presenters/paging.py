"""Where a table stands, and the query strings of its neighbours."""

from typing import NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict


class Paging(NamedTuple):
    start: int
    end: int
    total: int
    previous: str
    next: str


def paging(
    query: QueryDict, *, offset: int, shown: int, total: int, size: int
) -> Paging:
    """Return the paging of a table that shows `shown` of `total` rows from `offset`."""
    before = with_values(query, offset=max(0, offset - size)) if offset else ""
    after = offset + size
    return Paging(
        start=offset + 1 if shown else 0,
        end=offset + shown,
        total=total,
        previous=before,
        next=with_values(query, offset=after) if after < total else "",
    )


def with_values(query: QueryDict, **changed: object) -> str:
    """Return the query string with some values changed; empty ones are dropped."""
    kept = {**query.dict(), **{name: str(value) for name, value in changed.items()}}
    return urlencode({name: value for name, value in kept.items() if value != ""})
