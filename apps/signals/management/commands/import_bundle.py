from argparse import ArgumentParser
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.audit.services import Actor
from apps.core.commands import KycriskCommand, Unusable
from apps.signals.errors import BundleRefusedError
from apps.signals.services import ImportReport, import_bundle

if TYPE_CHECKING:
    from apps.core.progress import Bar


class Command(KycriskCommand):
    help = (
        "Load a bundle: a folder of accounts, keys, events, usage and outcomes as"
        " Parquet, NDJSON or CSV. Repeating it, or going on after a kill, loads every"
        " row once. Rejected rows are listed in DIR/.rejected."
    )
    example = "world/bundle"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument(
            "--strict", action="store_true", help="refuse everything for one bad row"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        folder: Path = options["folder"]
        if not folder.is_dir():
            raise Unusable(f"{folder} is not a folder.")
        shown = _Shown(self)
        try:
            report = import_bundle(
                folder=folder,
                strict=options["strict"],
                at=datetime.now(UTC),
                actor=Actor("system", "import_bundle"),
                bar=shown,
            )
        except BundleRefusedError as error:
            self.say(error.detail)
            return {"tables": {}, "warnings": [error.detail], "rejected": True}
        finally:
            shown.close()
        if not report.tables:
            raise Unusable(f"{folder} holds no table of a bundle.")
        self._tell(report)
        return {
            "tables": {name: asdict(counts) for name, counts in report.tables.items()},
            "warnings": report.warnings,
            "rejected": report.rejected,
        }

    def _tell(self, report: ImportReport) -> None:
        for name, counts in report.tables.items():
            self.say(
                f"{name}: {counts.accepted:,} new, {counts.duplicates:,} known,"
                f" {counts.rejected:,} rejected"
            )
        for warning in report.warnings:
            self.say(f"warning: {warning}")


class _Shown:
    """One bar at a time, named by the phase."""

    def __init__(self, command: KycriskCommand) -> None:
        self._command = command
        self._label = ""
        self._bar: Bar | None = None

    def __call__(self, label: str, done: int, total: int) -> None:
        if label != self._label or self._bar is None:
            self.close()
            self._label, self._bar = label, self._command.bar(label, total)
            self._bar.__enter__()
        self._bar.advance(done)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
