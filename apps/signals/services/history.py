"""Whether a bundle's accounts are a history or only their final state."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from apps.signals.services.bundle import read_pieces
from apps.signals.services.pieces import Source

SNAPSHOT_WARNING: Final = (
    "accounts: one row an account and no valid_from is a final snapshot; plan,"
    " verification, contract, payment and declared columns have no history and training"
    " leaves them out"
)
_ROWS: Final = 20_000


def history_of(sources: Sequence[Source]) -> str:
    """Return `versioned` where any row has valid_from or an account comes twice.

    Else `unknown`: what the columns say was not necessarily so at sign-up.
    """
    seen: set[Any] = set()
    for source in sources:
        for account, valid_from in _versions(source):
            if valid_from is not None or account in seen:
                return "versioned"
            seen.add(account)
    return "unknown"


def _versions(source: Source) -> Iterable[tuple[Any, Any]]:
    if source.path.name.endswith(".parquet"):
        yield from _parquet_versions(source)
        return
    for piece in read_pieces(source, rows=_ROWS):
        for row in piece.rows:
            account = row.get("account_id")
            yield str(account), row.get("valid_from")


def _parquet_versions(source: Source) -> Iterable[tuple[Any, Any]]:
    try:
        with pq.ParquetFile(source.path) as file:
            names = [
                name
                for name in ("account_id", "valid_from")
                if name in file.schema_arrow.names
            ]
            for batch in file.iter_batches(batch_size=_ROWS, columns=names):
                for row in batch.to_pylist():
                    yield row.get("account_id"), row.get("valid_from")
    except (pa.ArrowException, OSError):
        return  # the loader names the damage
