from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from apps.audit.services import Actor
from apps.core.commands import KycriskCommand, Unusable
from apps.scoring import selectors
from apps.scoring.services import judge, promote


class Command(KycriskCommand):
    help = (
        "Put a model in use. Two people approve it on its page in the console, where a"
        " gate that refuses takes a reason to overrule; demo and test settings can do"
        " without, and are told what the gates say."
    )
    example = "mdl_01JD8Q6R3T5V7W9X0Y2Z4A6B8C --no-approval"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("model_id", metavar="MODEL_ID")
        parser.add_argument(
            "--no-approval", action="store_true", help="demo and test settings only"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        model_id = options["model_id"]
        if not options["no_approval"]:
            raise Unusable(
                f"Two people put a model in use: each approves it at /models/{model_id}"
                " in the console. Demo and test settings take --no-approval."
            )
        if settings.KYCRISK_ENV == "production":
            raise Unusable("--no-approval is for demo and test settings only.")
        judged = judge(selectors.model_by_id(model_id))
        for gate in judged:
            word = {True: "holds", False: "REFUSES", None: "not measured"}[gate.passed]
            self.say(f"{gate.name} {word}: {gate.found}; asked: {gate.asked}")
        row = promote(
            model_id=model_id, by=Actor("system", "promote"), at=datetime.now(UTC)
        )
        self.say(f"{row.kind} model {row.version} is in use.")
        told = {gate.name: gate.passed for gate in judged}
        return {"id": row.id, "kind": row.kind, "state": row.state, "gates": told}
