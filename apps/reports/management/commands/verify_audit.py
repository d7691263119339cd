import time
from datetime import UTC, datetime
from typing import Any

from django.core.management import CommandParser

from apps.core.commands import KycriskCommand
from apps.reports.services import verify


class Command(KycriskCommand):
    help = (
        "Check the audit log: every entry, the tree over them, its signed checkpoints,"
        " and every audited row against its entry. Exit 1 names the first difference."
    )
    example = "--full --procs 2"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--full",
            action="store_true",
            help="read a large log from its first entry, not from the last clean check",
        )
        parser.add_argument("--procs", type=int, default=1, help="processes that read")

    def run(self, **options: Any) -> dict[str, Any]:
        began = time.perf_counter()
        with self.bar("entries and rows") as bar:
            report = verify(
                at=datetime.now(UTC),
                full=options["full"],
                procs=max(1, options["procs"]),
                advance=bar.update,
            )
        for problem in report.problems:
            self.say(f"{problem.code}: {problem.text}")
        rows = sum(report.rows.values())
        read = f"{report.size - report.start:,} of {report.size:,} entries"
        state = "differs" if report.problems else "is clean"
        self.say(
            f"The audit log {state}: {read}, {report.checkpoints:,} checkpoints and"
            f" {rows:,} rows read in {time.perf_counter() - began:.1f} s."
        )
        return {
            "size": report.size,
            "start": report.start,
            "root": report.root,
            "checkpoints": report.checkpoints,
            "pending": report.pending,
            "rows": report.rows,
            "problems": [
                {"code": one.code, "text": one.text, "entry": one.entry_id}
                for one in report.problems
            ],
            "rejected": len(report.problems),
        }
