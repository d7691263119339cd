"""A bundle without its future, or a stretch of it as it would have come in."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

TIMES: Final = {
    "accounts": "valid_from",
    "api_keys": "created_at",
    "events": "occurred_at",
    "outcomes": "known_at",
    "payment_methods": "added_at",
    "provider": "at",
    "usage": "occurred_at",
    "usage_window": "window_start",
}
# a column that is filled in later; until then nobody knew it
_LATER: Final = {"api_keys": "revoked_at", "provider": "until"}


def cut_bundle(
    bundle: Path, as_of: datetime, folder: Path, *, since: datetime | None = None
) -> dict[str, int]:
    """Copy a bundle up to `as_of` into `folder`; rows of that very moment stay.

    With `since`, only what became known after it: rows of later times, and keys that
    were revoked since then. `customers` carries no time of its own knowledge; it comes
    whole, with the first stretch. Returns rows by table; empty tables are left out.
    """
    folder.mkdir(parents=True)
    rows = {}
    for path in sorted(bundle.glob("*.parquet")):
        if path.stem not in TIMES:
            if since is None:
                shutil.copyfile(path, folder / path.name)
                rows[path.stem] = pq.read_metadata(path).num_rows
            continue
        rows[path.stem] = _cut(path, as_of, since, folder / path.name)
    return rows


def known(
    table: pa.Table | pa.RecordBatch,
    name: str,
    as_of: datetime,
    since: datetime | None = None,
) -> pa.Table | pa.RecordBatch:
    """Return the rows of one table that became known in the stretch, as known then."""
    times = table.column(TIMES[name])
    chosen = pc.less_equal(times, as_of)
    later = _LATER.get(name)
    if since is not None:
        new = pc.greater(times, since)
        if later:  # what is added to an older row is news too
            told = table.column(later)
            inside = pc.and_(pc.greater(told, since), pc.less_equal(told, as_of))
            new = pc.or_(new, pc.fill_null(inside, fill_value=False))
        chosen = pc.and_(chosen, new)
    table = table.filter(chosen)
    if later:
        told = table.column(later)
        kept = pc.fill_null(pc.less_equal(told, as_of), fill_value=False)
        told = pc.if_else(kept, told, pa.scalar(None, told.type))
        table = table.set_column(table.schema.get_field_index(later), later, told)
    return table


def _cut(path: Path, as_of: datetime, since: datetime | None, target: Path) -> int:
    rows = 0
    with pq.ParquetFile(path) as source:
        schema = source.schema_arrow
        with pq.ParquetWriter(target, schema) as writer:
            for batch in source.iter_batches():
                part = known(batch, path.stem, as_of, since)
                rows += part.num_rows
                writer.write_batch(part)
    if not rows and since is not None:
        target.unlink()
    return rows
