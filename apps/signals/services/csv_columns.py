"""Lines of a CSV of usage straight into columns; what is unusual stays text.

A run of lines is taken only where every one of its cells has a form that the row
reader would turn into the same value; otherwise that reader gets the run.
"""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from apps.core.validation import RAW_TABLES, RawColumn
from apps.core.validation.vectors import arrow_type

_INT: Final = r"^-?[0-9]{1,18}$"
_MINIMA: Final = r"^\[ ?[0-9]{1,10}(?:, ?[0-9]{1,10}){15} ?\]$"
_BLOCK: Final = 64 << 20  # the longest run of lines that Arrow takes at once
_COLUMNS: Final = {column.name: column for column in RAW_TABLES["usage"]}


def plain_columns(lines: Sequence[bytes], header: Sequence[str]) -> pa.Table | None:
    """Return whole lines of `usage` as a table in raw columns, or None.

    None says that a line holds what needs the row reader: a missing or additional
    cell, a broken text, a number that is none, a line break inside a cell.
    """
    data = b"".join(lines)
    # an odd quote is open at the end: its cell goes on in lines that are not here
    if b"\x00" in data or data.count(b'"') % 2 or len(data) > _BLOCK:
        return None
    blank = data[:1] in b"\r\n" or b"\n\n" in data or b"\n\r\n" in data
    if blank or len(set(header)) < len(header):
        return None
    try:
        cells = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(
                column_names=list(header), use_threads=False, block_size=_BLOCK
            ),
            parse_options=arrow_csv.ParseOptions(ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowException:
        return None
    if cells.num_rows != len(lines):
        return None
    arrays = [_typed(name, cells[name].combine_chunks()) for name in header]
    if any(array is None for array in arrays):
        return None
    return pa.table(arrays, names=list(header))


def _typed(name: str, texts: pa.Array) -> pa.Array | None:
    """Return a column in its raw type, or None where a text has another form."""
    column = _COLUMNS.get(name)
    if column is None or column.kind not in {"int", "uint32s"}:
        return _left_as_text(texts)
    pattern = _INT if column.kind == "int" else _MINIMA
    usual = pc.match_substring_regex(texts, pattern)
    if not pc.all(usual, skip_nulls=True, min_count=0).as_py():
        return None
    try:
        return _cast(column, texts)
    except pa.ArrowInvalid:  # a minimum beyond 32 bits
        return None


def _cast(column: RawColumn, texts: pa.Array) -> pa.Array:
    if column.kind == "int":
        return texts.cast(arrow_type(column))
    bare = pc.replace_substring(pc.utf8_trim(texts, "[] "), " ", "")
    return pc.split_pattern(bare, ",").cast(arrow_type(column))


def _left_as_text(texts: pa.Array) -> pa.Array | None:
    """Return texts as they are; the row reader parses those that look like JSON."""
    looks = pc.match_substring_regex(texts, r"^[\[{]")
    return None if pc.any(looks, min_count=0).as_py() else texts
