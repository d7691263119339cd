"""DuckDB connections, and the way from PostgreSQL rows to Arrow."""

import io
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.csv as arrow_csv
from django.conf import settings
from django.db import connection

from apps.core.sql import unpiped
from apps.signals.selectors import lake

if TYPE_CHECKING:
    import duckdb

TIMESTAMP: Final = pa.timestamp("us", "UTC")
# Lists and maps cross as text; DuckDB turns them back (see `engine`).
ARROW_TYPES: Final[Mapping[str, pa.DataType]] = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": TIMESTAMP,
    "uint32s": pa.list_(pa.uint32()),
    "counts": pa.map_(pa.string(), pa.int64()),
}


def connect(*, memory: str = "3GB", threads: int = 2) -> "duckdb.DuckDBPyConnection":
    """Return a new in-memory database that may spill to KYCRISK_HOME and sees the lake.

    Times without a zone are UTC. Nothing is downloaded: extensions are those of the
    wheel.
    """
    import duckdb  # 60 ms and 30 MB that most commands do not need

    spill = settings.KYCRISK_HOME / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    database = duckdb.connect(
        config={
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": True,
        }
    )
    database.execute("SET TimeZone = 'UTC'")
    if not lake.is_local():
        database.register_filesystem(lake.filesystem())
    return database


_LOCAL = threading.local()


def scratch() -> "duckdb.DuckDBPyConnection":
    """Return this thread's small connection for expressions over Arrow tables."""
    if not hasattr(_LOCAL, "database"):
        _LOCAL.database = connect(memory="1GB", threads=2)
    return _LOCAL.database


def copy_arrow(
    query: str, params: Sequence[Any], schema: Mapping[str, pa.DataType]
) -> pa.Table:
    """Return the rows of a query as Arrow, by COPY: about a million rows in a second.

    The query's columns are those of `schema`, in order.
    """
    buffer = io.BytesIO()
    with (
        unpiped(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)", params) as copy,
    ):
        for chunk in copy:
            buffer.write(chunk)
    if buffer.tell() == 0:
        return pa.schema(list(schema.items())).empty_table()
    buffer.seek(0)
    return arrow_csv.read_csv(
        buffer,
        read_options=arrow_csv.ReadOptions(
            column_names=list(schema), use_threads=False, block_size=4 << 20
        ),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict(schema),
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
