from typing import Any

from apps.assessments.selectors.exports import scores_table
from apps.core.commands import ExportCommand


class Command(ExportCommand):
    help = (
        "Write one row for each account that existed at a moment: probability, action,"
        " ring and reasons, as Parquet."
    )
    example = "--as-of 2026-11-01T00:00:00Z scores.parquet"

    def run(self, **options: Any) -> dict[str, Any]:
        return self.write(scores_table(as_of=options["as_of"]), options["file"])
