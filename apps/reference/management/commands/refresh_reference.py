from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apps.core.commands import KycriskCommand, Unusable
from apps.reference import services as reference


class Command(KycriskCommand):
    help = (
        "Load lists of networks, mail domains and card ranges from a folder. Files are"
        " recognized by their publishers' names; the old lists answer until the new"
        " ones are complete."
    )
    example = "--from ../shared/data"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="folder", required=True, type=Path)
        parser.add_argument(
            "--add",
            action="store_true",
            help="keep the active lists below the new ones instead of replacing them",
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="accept a list whose size changed by more than 20 %%",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        folder: Path = options["folder"]
        if not folder.is_dir():
            raise Unusable(f"{folder} is not a folder; give one that holds the lists.")
        report = reference.refresh_reference(
            folder=folder,
            at=datetime.now(UTC),
            add=options["add"],
            force=options["force"],
        )
        for kind, rows in sorted(report.rows.items()):
            self.say(f"{kind}: {rows:,} rows, version {report.versions[kind]}")
        if report.missing:
            self.say(f"still without lists: {', '.join(report.missing)}")
        return {
            "rows": report.rows,
            "versions": report.versions,
            "missing": report.missing,
            "changed": report.changed,
        }
