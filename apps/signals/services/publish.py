"""Second half of a bulk import: staged parts become lake files, each fact once.

One pass finds the keys that are not new (twice in the parts, in the lake, or hot);
then dates are published in groups, each in one transaction with its files, its claimed
keys and the progress of the files it came from.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 - `date` is a column here
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from apps.core.ahead import ahead
from apps.signals.choices import Verdict
from apps.signals.models import ImportedFile, LakeFile
from apps.signals.selectors import hot, lake
from apps.signals.selectors.duck import connect
from apps.signals.services import keys
from apps.signals.services import lake as lake_files
from apps.signals.services.bundle import reject_line
from apps.signals.services.problems import detail
from apps.signals.services.stage import Staged, work_folder

if TYPE_CHECKING:
    import duckdb

GROUP_ROWS: Final = 400_000


@dataclass(frozen=True, slots=True)
class Batch:
    """What one call publishes: staged files of one table with their import rows."""

    table: str
    staged: Sequence[Staged]
    imports: Sequence[ImportedFile]


def publish(batch: Batch, *, at: datetime, advance: Callable[[int, int], None]) -> None:
    """Publish all dates of the staged files that no earlier run has published."""
    parts = [part for one in batch.staged for part in one.parts]
    if not parts:
        return
    with connect(memory="1GB", threads=2) as database:
        _open_parts(database, batch)
        _find_refused(database, batch.table)
        groups = list(_groups(database))
        done, total = 0, sum(rows for _, rows in groups)
        for group, rows in groups:
            _publish_group(database, batch, group, at)
            done += rows
            advance(done, total)


def _open_parts(database: "duckdb.DuckDBPyConnection", batch: Batch) -> None:
    """Create the view `staged`: rows that are still to publish, with their source."""
    places, done = list[tuple[str, int]](), list[tuple[int, Date]]()
    for place, (staged, row) in enumerate(
        zip(batch.staged, batch.imports, strict=True)
    ):
        places += [(str(part), place) for part in staged.parts]
        done += [
            (place, Date.fromisoformat(day)) for day in row.progress.get("dates", {})
        ]
    _table(database, "places", {"filename": pa.string(), "source": pa.int32()}, places)
    _table(database, "done", {"source": pa.int32(), "date": pa.date32()}, done)
    listed = ", ".join(lake.literal(name) for name, _ in places)
    database.execute(
        f"CREATE VIEW staged AS SELECT p.* EXCLUDE (filename), source FROM"
        f" read_parquet([{listed}], filename=true) p JOIN places USING (filename)"
        " ANTI JOIN done USING (source, date)"
    )


def _table(
    database: "duckdb.DuckDBPyConnection",
    name: str,
    types: dict[str, pa.DataType],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in types]
    arrays = [
        pa.array(column, kind)
        for column, kind in zip(columns, types.values(), strict=True)
    ]
    database.register("incoming", pa.table(arrays, names=list(types)))
    database.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming")
    database.unregister("incoming")


def _find_refused(database: "duckdb.DuckDBPyConnection", table: str) -> None:
    """Create the table `refused` (source, line, verdict) of rows that are not new."""
    with hot.no_move():
        held = hot.hot_keys(table)
        files = lake.visible_files(table)
    database.register("hot_keys", held)
    here = "SELECT key_hash, body_hash FROM hot_keys"
    if files:
        here += f" UNION ALL SELECT key_hash, body_hash FROM {lake.scan_sql(files)}"
    database.execute(
        f"CREATE TABLE held AS SELECT key_hash, any_value(body_hash) AS body FROM"
        f" ({here}) SEMI JOIN staged USING (key_hash) GROUP BY key_hash"
    )
    database.execute(
        "CREATE TABLE suspect AS SELECT key_hash FROM staged GROUP BY key_hash"
        " HAVING count(*) > 1 UNION SELECT key_hash FROM held"
    )
    database.execute(_REFUSED)


_REFUSED: Final = """
CREATE TABLE refused AS
WITH candidate AS (
    SELECT source, line, key_hash, body_hash,
        row_number() OVER same_key AS place,
        first_value(body_hash) OVER same_key AS first_body
    FROM staged SEMI JOIN suspect USING (key_hash)
    WINDOW same_key AS (PARTITION BY key_hash ORDER BY source, line)
)
SELECT source, line,
    CASE WHEN body_hash = coalesce(held.body, first_body) THEN 1 ELSE 2 END AS verdict
FROM candidate LEFT JOIN held USING (key_hash)
WHERE held.body IS NOT NULL OR place > 1
"""


def _groups(
    database: "duckdb.DuckDBPyConnection",
) -> Iterator[tuple[list[Date], int]]:
    """Yield runs of dates of about GROUP_ROWS rows."""
    counts = database.execute(
        "SELECT date, count(*) FROM staged GROUP BY date ORDER BY date"
    ).fetchall()
    group, rows = list[Date](), 0
    for day, count in counts:
        if group and rows + count > GROUP_ROWS:
            yield group, rows
            group, rows = [], 0
        group.append(day)
        rows += count
    if group:
        yield group, rows


def _publish_group(
    database: "duckdb.DuckDBPyConnection",
    batch: Batch,
    group: Sequence[Date],
    at: datetime,
) -> None:
    days = ", ".join(f"DATE '{day.isoformat()}'" for day in group)
    rows = database.sql(
        "SELECT staged.*, coalesce(verdict, 0) AS verdict FROM staged"
        f" LEFT JOIN refused USING (source, line) WHERE date IN ({days})"
    ).to_arrow_table()
    with transaction.atomic():
        rows = _with_claims(batch.table, rows, at)
        _log_conflicts(batch, rows, group)
        _store_days(batch.table, rows, at)
        _note_progress(database, batch.imports, rows)


def _with_claims(table: str, rows: pa.Table, at: datetime) -> pa.Table:
    """Claim the keys of rows so young that the endpoint could still send them."""
    moments = rows[lake.TIMES[table]]
    limit = pa.scalar(at - keys.KEPT, moments.type)
    young = pc.and_(pc.greater_equal(moments, limit), pc.equal(rows["verdict"], 0))
    places = pc.indices_nonzero(young)
    if len(places) == 0:
        return rows
    names = ["account_id", "event_id", "body_hash", lake.TIMES[table]]
    chosen = rows.select(names).take(places)
    claimed = keys.claim(
        chosen.rename_columns(["account_id", "event_id", "digest", "occurred_at"])
    )
    verdicts = rows["verdict"].to_numpy().copy()
    verdicts[places.to_numpy()] = claimed
    at_column = rows.schema.get_field_index("verdict")
    return rows.set_column(at_column, "verdict", pa.array(verdicts, pa.int32()))


def _log_conflicts(batch: Batch, rows: pa.Table, group: Sequence[Date]) -> None:
    """Write the lines refused in this group; a second run writes the same file."""
    clash = rows.filter(pc.equal(rows["verdict"], 2))
    if clash.num_rows == 0:
        return
    for place, staged in enumerate(batch.staged):
        mine = clash.filter(pc.equal(clash["source"], place))
        lines = sorted(mine["line"].to_pylist())
        if lines:
            folder = work_folder(staged.source)
            path = folder / f"{group[0].isoformat()}.rejects.ndjson"
            code = Verdict.CONFLICT.value
            text = [
                reject_line(line, "event_id", code, detail("event_id", code))
                for line in lines
            ]
            path.write_text("".join(f"{line}\n" for line in text))


def _store_days(table: str, rows: pa.Table, at: datetime) -> None:
    """Write the new rows of each date, two files at a time: it is all computing."""
    new = rows.filter(pc.equal(rows["verdict"], 0))

    def store(day: Date) -> lake_files.Stored:
        mine = new.filter(pc.equal(new["date"], pa.scalar(day, pa.date32())))
        plain = mine.drop_columns(["line", "date", "source", "verdict"])
        return lake_files.store(plain, table=table, date=day)

    days = sorted(pc.unique(new["date"]).to_pylist())
    for stored in ahead(store, days, threads=2):
        lake_files.register(stored, source=LakeFile.Source.IMPORT, at=at)


def _note_progress(
    database: "duckdb.DuckDBPyConnection",
    imports: Sequence[ImportedFile],
    rows: pa.Table,
) -> None:
    database.register("published", rows.select(["source", "date", "verdict"]))
    counts = database.execute(
        "SELECT source, date, count(*) FILTER (verdict = 0),"
        " count(*) FILTER (verdict = 1), count(*) FILTER (verdict = 2)"
        " FROM published GROUP BY source, date ORDER BY source, date"
    ).fetchall()
    database.unregister("published")
    for source, day, *numbers in counts:
        dates = imports[source].progress.setdefault("dates", {})
        dates[day.isoformat()] = numbers
    for place in sorted({source for source, *_ in counts}):
        imports[place].save(update_fields=["progress"])
