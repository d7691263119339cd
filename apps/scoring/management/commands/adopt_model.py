from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apps.audit.services import Actor
from apps.core.commands import KycriskCommand
from apps.scoring.services.adoption import adopt


class Command(KycriskCommand):
    help = (
        "Take in a model folder that another home trained and signed with the same"
        " key, as a candidate."
    )
    example = "/path/to/models/mdl_01ABC"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folder", type=Path, metavar="FOLDER")

    def run(self, **options: Any) -> dict[str, Any]:
        actor = Actor("system", "adopt_model")
        row = adopt(folder=options["folder"], at=datetime.now(UTC), actor=actor)
        self.say(f"{row.kind} model {row.version}: {row.id}")
        return {"id": row.id, "kind": row.kind}
