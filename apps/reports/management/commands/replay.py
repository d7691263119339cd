from typing import Any

from django.core.management import CommandParser

from apps.assessments.models import Assessment
from apps.core.commands import KycriskCommand
from apps.reports.services import replay


class Command(KycriskCommand):
    help = (
        "Compute stored assessments again from their stored inputs. Every bit must come"
        " out the same; exit 1 names the first assessment that differs."
    )
    example = "--all"

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--all", action="store_true", help="every one (the default)")
        which.add_argument("--assessment", metavar="ID", help="only this one")

    def run(self, **options: Any) -> dict[str, Any]:
        chosen = options["assessment"]
        total = 1 if chosen else Assessment.objects.count()
        with self.bar("replay", total) as bar:
            done = replay(assessment_id=chosen, advance=bar.update)
        for one in done.differences[:20]:
            self.say(f"{one.assessment_id}: {one.what} differs")
        noun = "assessment" if done.checked == 1 else "assessments"
        state = (
            f"{len(done.differences):,} not bit-identical"
            if done.differences
            else "bit-identical"
        )
        self.say(f"{done.checked:,} {noun} recomputed, {state}.")
        return {
            "checked": done.checked,
            "identical": done.checked - len(done.differences),
            "first": done.differences[0].assessment_id if done.differences else None,
            "rejected": len(done.differences),
        }
