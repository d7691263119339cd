"""Files of a world: the bundle, its lookup tables, and the truth beside it."""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_ROW_GROUP = 100_000
# dictionaries of values that hardly repeat cost time and save nothing
_UNIQUE = ("event_id", "occurred_at", "minhash", "filler", "sketch", "retry_of")


def write_table(path: Path, table: pa.Table) -> int:
    """Write one Parquet file; equal tables give equal bytes. Return the rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", row_group_size=_ROW_GROUP)
    return table.num_rows


def write_batches(path: Path, batches: Iterator[pa.RecordBatch]) -> int:
    """Write batches as they come, so that memory stays flat; return the rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first = next(batches)
    rows = first.num_rows
    with pq.ParquetWriter(
        path,
        first.schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=[name for name in first.schema.names if name not in _UNIQUE],
    ) as writer:
        writer.write_batch(first, _ROW_GROUP)
        for batch in batches:
            rows += batch.num_rows
            writer.write_batch(batch, _ROW_GROUP)
    return rows


def write_csv(
    path: Path, header: tuple[str, ...], rows: Iterable[Iterable[Any]]
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", "utf-8")
