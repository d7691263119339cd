"""Bodies of `POST /v1/events/batch`: plain exchanges straight into columns.

What the fast decoder cannot vouch for (other types of rows, wrong types, keys that
come twice, doubtful texts) goes row by row to the strict reader, which alone decides.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import UNSET, Meta, UnsetType

from apps.core import strict_json
from apps.core.errors import DomainError
from apps.core.validation import RAW_TABLES
from apps.core.validation.values import MINIMA, UINT32
from apps.core.validation.vectors import arrow_type
from apps.signals.schemas.batches import (
    ROWS_MAX,
    TooManyRowsError,
    decode_batch,
    is_lines,
    refuse_line,
)
from apps.signals.services.checked import Exchanges
from apps.signals.services.reports import BatchReport

Rows = list[tuple[int, object]]
_Int = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Minima = Annotated[
    list[Annotated[int, Meta(ge=0, le=UINT32)]],
    Meta(min_length=MINIMA, max_length=MINIMA),
]
_TYPES: Final[dict[str, Any]] = {"int": _Int, "uint32s": _Minima}
_COLUMNS: Final = RAW_TABLES["usage"]
_Exchange: Final = msgspec.defstruct(
    "_Exchange",
    [
        (name, kind | None | UnsetType, UNSET)
        for name, kind in (
            ("type", str),
            *((column.name, _TYPES.get(column.kind, str)) for column in _COLUMNS),
        )
    ],
    gc=False,
)
_FIELDS: Final = len(_Exchange.__struct_fields__)
_Exchanges: Any = list[_Exchange]  # type: ignore[valid-type]  # made at run time
_Body: Any = msgspec.defstruct("_Body", [("events", _Exchanges)])
_ARRAY: Final = msgspec.json.Decoder(_Exchanges)
_WRAPPED: Final = msgspec.json.Decoder(_Body)
_ROW: Final = msgspec.json.Decoder(_Exchange)
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_RAW_BODY: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BROKEN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_USUAL: Final = {UNSET, None, "usage"}
# A row inside a document stands deeper than on a line of its own.
_DEPTH: Final = 14


def decode_events(
    raw: bytes, content_type: str
) -> tuple[Exchanges | None, Rows, BatchReport]:
    """Return exchanges in columns, all other rows decoded, and a report of bad lines.

    Raises what `decode_batch` raises, for the same bodies.
    """
    lines = is_lines(content_type)
    quick = _quick(raw, lines)
    if quick is not None:
        return _columns(range(len(quick)), quick), [], BatchReport()
    rows = _split(raw, lines)
    found = None if rows is None else _each(rows, lines)
    if found is None:
        return None, *decode_batch(raw, content_type, name="events")
    return found


def _quick(raw: bytes, lines: bool) -> list[tuple[Any, ...]] | None:
    """Return the values of all rows, or None where one needs a closer look."""
    try:
        if lines:
            rows = _ARRAY_LINES(raw)
        elif raw.lstrip()[:1] == b"{":
            rows = _WRAPPED.decode(raw).events
        else:
            rows = _ARRAY.decode(raw)
    except _BROKEN:
        return None
    if len(rows) > ROWS_MAX:
        raise TooManyRowsError
    found = [msgspec.structs.astuple(row) for row in rows]
    given = sum(_FIELDS - row.count(UNSET) for row in found)
    if not lines and raw.lstrip()[:1] == b"{":
        given += 1
    plain = _is_plain(raw, given) and {row[0] for row in found} <= _USUAL
    return found if plain and (not lines or len(_kept(raw)) == len(found)) else None


_ARRAY_LINES: Final = _ROW.decode_lines


def _kept(raw: bytes) -> list[bytes]:
    return [line for line in raw.split(b"\n") if line.strip()]


def _is_plain(raw: bytes, keys: int) -> bool:
    """Return whether JSON that was decoded held these keys, each once, and no more.

    Every key ends in `":`, and no text does that would not raise the count.
    """
    spaced = any(raw.find(mark + b":") >= 0 for mark in _SPACES if mark in raw)
    doubtful = b"\\" in raw and strict_json.is_doubtful(raw)
    return not spaced and not doubtful and raw.count(b'":') == keys


_SPACES: Final = (b" ", b"\n", b"\t", b"\r")


def _split(raw: bytes, lines: bool) -> list[bytes] | None:
    """Return the rows as they are written, or None for a body that is not of rows."""
    if lines:
        rows = _kept(raw)
    else:
        try:
            if raw.lstrip()[:1] == b"{":
                body = _RAW_BODY.decode(raw)
                rows = list(map(bytes, _RAWS.decode(body.get("events", b""))))
                if raw.count(b'":') != 1 + sum(row.count(b'":') for row in rows):
                    return None
            else:
                rows = list(map(bytes, _RAWS.decode(raw)))
        except _BROKEN:
            return None
    if len(rows) > ROWS_MAX:
        raise TooManyRowsError
    return rows


def _each(
    raws: Sequence[bytes], lines: bool
) -> tuple[Exchanges | None, Rows, BatchReport] | None:
    """Decode row by row; None when a document holds what makes it no document."""
    report, rows = BatchReport(), Rows()
    places, found = list[int](), list[tuple[Any, ...]]()
    for index, raw in enumerate(raws):
        values = _exchange(raw, report)
        if values is not None:
            places.append(index)
            found.append(values)
            continue
        try:
            rows.append((index, strict_json.loads(raw, max_depth=_DEPTH)))
        except DomainError as error:
            if not lines:
                return None
            refuse_line(report, index, error)
    return _columns(places, found) if found else None, rows, report


def _exchange(raw: bytes, report: BatchReport) -> tuple[Any, ...] | None:
    """Return the values of a plain exchange; note fields that it has no column for."""
    try:
        values = msgspec.structs.astuple(_ROW.decode(raw))
        if values[0] not in _USUAL:
            return None
        if _is_plain(raw, _FIELDS - values.count(UNSET)):
            return values
        row = _OBJECT.decode(raw)
    except _BROKEN:
        return None
    strange = row.keys() - set(_Exchange.__struct_fields__)
    flat = all(isinstance(row[name], (str, int, float, type(None))) for name in strange)
    if not flat or not _is_plain(raw, len(row)):
        return None
    report.unknown_fields.update(strange)
    return values


def _columns(places: Sequence[int], rows: Sequence[tuple[Any, ...]]) -> Exchanges:
    """Turn rows into columns; what a row does not give is null."""
    columns = list(zip(*rows, strict=True))[1:] if rows else [()] * len(_COLUMNS)
    arrays = [
        _array(values, arrow_type(column) if column.kind in _TYPES else pa.string())
        for column, values in zip(_COLUMNS, columns, strict=True)
    ]
    table = pa.table(arrays, names=[column.name for column in _COLUMNS])
    return Exchanges(np.array(places, dtype=np.int64), table)


def _array(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    absent = values.count(UNSET)
    if absent == len(values):
        return pa.nulls(absent, kind)
    if absent:
        values = tuple(None if value is UNSET else value for value in values)
    return pa.array(values, kind)
