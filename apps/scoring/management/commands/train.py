from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandParser

from apps.audit.services import Actor
from apps.core.commands import KycriskCommand, Unusable, moment
from apps.scoring.choices import ModelKind
from apps.scoring.services import train


class Command(KycriskCommand):
    help = (
        "Train candidate models from what was known at a moment: facts recorded and"
        " labels known by then. Repeating it returns the same models."
    )
    example = "--as-of 2026-11-01T00:00:00Z --kind all"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--as-of", type=moment, required=True, metavar="T")
        parser.add_argument("--kind", choices=[*ModelKind.values, "all"], default="all")
        parser.add_argument("--seed", type=int, default=0)

    def run(self, **options: Any) -> dict[str, Any]:
        at = datetime.now(UTC)
        if options["as_of"] > at:
            raise Unusable("--as-of lies in the future; nothing is known there yet.")
        kinds = ModelKind.values if options["kind"] == "all" else [options["kind"]]
        with self.bar("train") as bar:
            done = train(
                as_of=options["as_of"],
                kinds=kinds,
                seed=options["seed"],
                at=at,
                actor=Actor("system", "train"),
                progress=bar,
            )
        for row in done.models:
            self.say(f"{row.kind} model {row.version}: {row.id}")
        for kind, reason in done.skipped.items():
            self.say(f"{kind} skipped: {reason}")
        return {
            "as_of": options["as_of"],
            "models": [{"id": row.id, "kind": row.kind} for row in done.models],
            "skipped": [
                {"kind": kind, "reason": reason}
                for kind, reason in done.skipped.items()
            ],
        }
