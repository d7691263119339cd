from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandParser

from apps.audit.services import Actor
from apps.core.commands import KycriskCommand
from apps.scoring.choices import ModelKind
from apps.scoring.services import rollback


class Command(KycriskCommand):
    help = "Put the model that was in use before back in use."
    example = "activity"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("kind", choices=ModelKind.values, metavar="KIND")

    def run(self, **options: Any) -> dict[str, Any]:
        row = rollback(
            kind=options["kind"],
            by=Actor("system", "rollback"),
            at=datetime.now(UTC),
        )
        self.say(f"{row.kind} model {row.version} is in use again.")
        return {"id": row.id, "kind": row.kind, "state": row.state}
