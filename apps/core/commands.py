"""The base of every command: one way to speak, to fail and to be read by programs."""

import json
import sys
from abc import ABC, abstractmethod
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from apps.core.errors import DomainError
from apps.core.progress import Bar

if TYPE_CHECKING:
    import pyarrow as pa

REJECTED = 1
UNUSABLE = 2
INTERRUPTED = 130


class Unusable(Exception):  # noqa: N818 - reads as a sentence where it is raised
    """The input cannot be used; the text is the one sentence that the user sees."""


def moment(text: str) -> datetime:
    """Read an RFC 3339 time (or a date, as its midnight in UTC) of an argument."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is not a time such as 2026-11-01T00:00:00Z"
        ) from error
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class KycriskCommand(BaseCommand, ABC):
    """A command that ends with a result.

    A subclass has `help`, with an example, and `run(**options) -> dict`. Exit codes:
    0 done, 1 done with rejected input (`result["rejected"]` is truthy), 2 unusable
    input.
    """

    example: ClassVar[str] = ""
    requires_system_checks = ()  # they run in `make check`, not each time
    _bar: Bar | None = None
    _as_json = False

    @abstractmethod
    def run(self, **options: Any) -> dict[str, Any]:
        """Do the work and return what `--json` prints."""

    def add_arguments(self, parser: Any) -> None:
        """Add what the command takes to argparse's parser; nothing by default."""

    def create_parser(
        self, prog_name: str, subcommand: str, **kwargs: Any
    ) -> CommandParser:
        example = f"Example: {Path(prog_name).name} {subcommand} {self.example}"
        parser = super().create_parser(
            prog_name,
            subcommand,
            epilog=example if self.example else None,
            formatter_class=RawDescriptionHelpFormatter,
            **kwargs,
        )
        parser.add_argument(
            "--json", action="store_true", help="print the result as the last line"
        )
        return parser

    def handle(self, *_: Any, **options: Any) -> None:
        self._as_json = bool(options.get("json"))
        try:
            result = self.run(**options)
        except Unusable as error:
            self._fail(str(error), UNUSABLE)
        except DomainError as error:
            self._fail(error.detail, UNUSABLE)
        except KeyboardInterrupt:
            self._fail("Interrupted.", INTERRUPTED)
        self._close_bar()
        if self._as_json:
            self.stdout.write(json.dumps(result, cls=DjangoJSONEncoder))
        if result.get("rejected"):
            sys.exit(REJECTED)

    def bar(self, label: str, total: int | None = None) -> Bar:
        """Return a progress bar on the error stream; it is a context manager."""
        return Bar(label, total)

    def progress(self, label: str, done: int, total: int | None = None) -> None:
        """Show how far a labeled phase is; a new label starts a new bar."""
        if self._bar is None or self._bar.label != label:
            self._close_bar()
            self._bar = self.bar(label, total)
        self._bar.advance(done, total)

    def say(self, text: str) -> None:
        """Print a line for people; with --json it goes to the error stream."""
        stream = self.stderr if self._as_json else self.stdout
        stream.write(text, style_func=str)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _fail(self, sentence: str, code: int) -> None:
        self._close_bar()
        self.stderr.write(sentence, style_func=str)
        sys.exit(code)


class ExportCommand(KycriskCommand):
    """A command that writes one Parquet file as of a moment."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", type=moment, required=True, metavar="T")
        parser.add_argument("file", type=Path, metavar="FILE")

    def write(self, table: "pa.Table", file: Path) -> dict[str, Any]:
        """Write the file in one rename; equal tables give equal bytes."""
        # pyarrow takes a quarter of a second, which other commands need not pay.
        import pyarrow.parquet as pq

        draft = file.with_name(f".{file.name}.part")
        try:
            pq.write_table(table, draft, compression="zstd")
            draft.replace(file)
        except OSError as error:
            raise Unusable(f"{file} cannot be written: {error.strerror}.") from error
        self.say(f"{table.num_rows:,} rows in {file}")
        return {"rows": table.num_rows, "file": str(file)}
