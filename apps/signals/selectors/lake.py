"""Where the lake lies, and which of its files readers may see.

A file counts only when a `LakeFile` row names it. Writers put files in place first and
register them in the transaction that makes their rows true (an import's progress, the
deletion of hot rows), so a reader never meets a row twice or not at all, wherever a
writer was killed.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import fsspec  # type: ignore[import-untyped]  # fsspec ships none
from django.conf import settings
from fsspec.implementations.local import (  # type: ignore[import-untyped]  # as above
    LocalFileSystem,
)

from apps.signals.models import LakeFile
from ml.schema import TABLES

# table -> the column that says when its rows happened
TIMES: Final = {"usage": "occurred_at", "usage_window": "window_start"}
# Sums of 63-bit body hashes are kept modulo this.
SUM_MODULUS: Final = 2**63
HOT: Final = {"usage": "signals_usagehot", "usage_window": "signals_windowhot"}
_SQL_TYPES: Final = {
    "string": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
    "uint32s": "UINTEGER[]",
    "counts": "MAP(VARCHAR, BIGINT)",
}


def filesystem() -> Any:
    return fsspec.core.url_to_fs(settings.KYCRISK_LAKE)[0]


def root() -> str:
    return str(fsspec.core.url_to_fs(settings.KYCRISK_LAKE)[1])


def is_local() -> bool:
    return isinstance(filesystem(), LocalFileSystem)


def address(name: str) -> str:
    """Return what DuckDB opens: a path, or a URL of the lake's protocol."""
    if is_local():
        return str(Path(root()) / name)
    return f"{str(settings.KYCRISK_LAKE).rstrip('/')}/{name}"


def visible_files(table: str, as_of: datetime | None = None) -> list[LakeFile]:
    """Return the registered files that can hold rows known at that moment."""
    files = LakeFile.objects.filter(table=table, retired_at=None)
    if as_of is not None:
        files = files.filter(
            date__lte=as_of.astimezone(UTC).date(), first_known_at__lte=as_of
        )
    return list(files.order_by("date", "name"))


def scan_sql(files: Sequence[LakeFile]) -> str:
    """Return the FROM part for these files; columns that old ones lack are NULL."""
    paths = ", ".join(literal(address(file.name)) for file in files)
    return f"read_parquet([{paths}], union_by_name=true, hive_partitioning=false)"


def empty_sql(table: str) -> str:
    """Return a SELECT of no row with every column that a lake file of today has."""
    columns = [
        f'NULL::{_SQL_TYPES[column.type]} AS "{column.name}"'
        for column in TABLES[table]
    ]
    hashes = ["NULL::BIGINT AS key_hash", "NULL::BIGINT AS body_hash"]
    return f"SELECT {', '.join(columns + hashes)} WHERE false"


def rows_sql(table: str, files: Sequence[LakeFile]) -> str:
    """Return a SELECT of all rows of these files with all columns of the table."""
    if not files:
        return empty_sql(table)
    return f"SELECT * FROM {scan_sql(files)} UNION ALL BY NAME {empty_sql(table)}"


def literal(text: str) -> str:
    """Quote a text for DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def moment(at: datetime) -> str:
    """Write a moment for DuckDB."""
    return f"TIMESTAMPTZ '{at.astimezone(UTC).isoformat(sep=' ')}'"
