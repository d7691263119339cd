from typing import Any

from apps.assessments.selectors.exports import rings_table
from apps.core.commands import ExportCommand


class Command(ExportCommand):
    help = (
        "Write the members of the rings known at a moment, as Parquet; an account is in"
        " one ring at most, its strongest."
    )
    example = "--as-of 2026-11-01T00:00:00Z rings.parquet"

    def run(self, **options: Any) -> dict[str, Any]:
        return self.write(rings_table(as_of=options["as_of"]), options["file"])
