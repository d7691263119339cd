"""Questions to a backend, each compiled once for as long as code and tables stay.

To compile an expression costs more than to run it over a small world. On DuckDB the
moment is a macro of the session, so that the text of a question is the same for every
moment; it is kept in memory and, where a folder is given, on disk for other processes.
"""

import functools
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ml.features.clock import Macros, set_macros
from ml.features.known import Known

Question = Callable[[Known], Any]
_COLUMNS: Final = (
    "SELECT table_name, column_name, data_type FROM information_schema.columns"
    " WHERE table_catalog <> 'temp' ORDER BY table_name, column_name"
)
# A view opens its files for every question: half a minute of a day's questions. Below
# this many rows (0.6 GB) it is read once instead, and so are its parts of some days.
_COPIED_ROWS: Final = 1_000_000
_UNREAD_VIEWS: Final = (
    "SELECT table_name FROM information_schema.tables WHERE table_type = 'VIEW'"
    " AND regexp_full_match(table_name, 'usage(_window)?(_[0-9]+d)?')"
    " AND table_name NOT IN"
    " (SELECT table_name FROM information_schema.tables WHERE table_catalog = 'temp')"
    # where sums of days are kept, views are too large to be counted for nothing
    " AND NOT EXISTS (SELECT 1 FROM information_schema.tables"
    " WHERE starts_with(table_name, 'kept_'))"
    # the whole before its parts, the longest first
    " ORDER BY coalesce(try_cast(regexp_extract(table_name, '([0-9]+)d$', 1)"
    " AS INTEGER), 1000000) DESC"
)
_COMPILED: dict[str, dict[str, str]] = {}


@dataclass
class Asker:
    """Answers named questions about one moment with Arrow tables.

    `folder` keeps compiled questions. A question about some accounts only, or on
    another backend than DuckDB, is compiled every time.
    """

    known: Known
    folder: Path | None = None
    texts: dict[str, str] | None = None
    path: Path | None = None
    grown: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        backend = self.known.backend
        if backend.name != "duckdb" or self.known.account_ids is not None:
            return
        set_macros(backend.con, self.known.as_of)
        key = _key(backend.con.execute(_COLUMNS).fetchall())
        self.path = self.folder / f"{key}.json" if self.folder else None
        if key not in _COMPILED:
            _COMPILED[key] = _read(self.path)
        self.texts = _COMPILED[key]

    def ask(self, name: str, question: Question) -> Any:
        """Return the answer as an Arrow table; equal names mean equal questions."""
        if self.texts is None:
            return question(self.known).to_pyarrow()
        return self.known.backend.con.sql(self.text(name, question)).to_arrow_table()

    def text(self, name: str, question: Question) -> str:
        """Return a question about everybody as SQL for DuckDB."""
        if self.texts is None:
            return str(self.known.backend.compile(question(self.known)))
        if name not in self.texts:
            moving = Known(self.known.backend, self.known.as_of, clock=Macros())
            moving.opened.update(self.known.opened)
            self.texts[name] = str(self.known.backend.compile(question(moving)))
            self.known.opened.update(moving.opened)
            self.grown = True
        return self.texts[name]

    def read_once(self) -> None:
        """Put a table of the session in front of each small view of usage.

        Before a part stands what a longer one was copied to: it has more rows than
        the part, which questions leave out by their own time. Worth it before many
        questions about usage.
        """
        if self.texts is None:
            return
        database = self.known.backend.con
        copied: dict[str, str] = {}
        for (name,) in database.execute(_UNREAD_VIEWS).fetchall():
            table = re.sub(r"_\d+d$", "", name)
            if table in copied:
                longer = copied[table]
                database.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM {longer}")
                continue
            [(rows,)] = database.execute(f"SELECT count(*) FROM {name}").fetchall()
            if rows <= _COPIED_ROWS:
                database.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM {name}")
                copied[table] = name

    def keep(self) -> None:
        """Write what was compiled anew for other processes."""
        if self.grown and self.path is not None and self.texts is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft = self.path.with_suffix(f".{os.getpid()}")
            draft.write_text(json.dumps(self.texts))
            draft.replace(self.path)


def _read(path: Path | None) -> dict[str, str]:
    """Return what another process compiled; a file that is cut short is none."""
    try:
        texts = json.loads(path.read_bytes()) if path else {}
    except (OSError, ValueError):
        return {}
    return texts if isinstance(texts, dict) else {}


def _key(columns: list[tuple[str, ...]]) -> str:
    """Name everything that a text depends on: tables, definitions and compilers."""
    return hashlib.sha256(f"{columns}{code_key()}".encode()).hexdigest()[:32]


@functools.cache
def code_key() -> str:
    """Return 32 hex digits that change with definitions and compilers."""
    from importlib.metadata import version

    compilers = [version(name) for name in ("ibis-framework", "sqlglot", "duckdb")]
    state = hashlib.sha256(f"{compilers}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        state.update(path.read_bytes())
    return state.hexdigest()[:32]
