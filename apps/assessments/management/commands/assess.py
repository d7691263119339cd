from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apps.assessments.choices import Event
from apps.assessments.services import Occasion, assess_all
from apps.audit.services import Actor
from apps.core.commands import KycriskCommand, Unusable, moment


class Command(KycriskCommand):
    help = (
        "Assess accounts as known at a moment: features, rings, scores, decisions and"
        " cases. Repeating it changes nothing."
    )
    example = "--as-of 2026-11-01T00:00:00Z --all"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--as-of", type=moment, required=True, metavar="T")
        chosen = parser.add_mutually_exclusive_group()
        chosen.add_argument("--all", action="store_true", help="the default")
        chosen.add_argument(
            "--accounts", type=Path, metavar="FILE", help="ids, by line"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        at = datetime.now(UTC)
        occasion = Occasion(
            Event.SCHEDULED, options["as_of"], at, Actor("system", "assess")
        )
        ids = _ids(options["accounts"])
        with self.bar("assess") as bar:
            done = assess_all(occasion=occasion, progress=bar, account_ids=ids)
        return {
            "as_of": options["as_of"],
            "accounts": done.accounts,
            "stored": done.stored,
            "actions": dict(sorted(done.actions.items())),
        }


def _ids(path: Path | None) -> list[str] | None:
    if path is None:
        return None
    try:
        return path.read_text().split()
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{path} can't be read as a list of account ids.") from error
