from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from apps.core.commands import KycriskCommand, Unusable
from apps.review import services as review


class Command(KycriskCommand):
    help = (
        "Compare names with the sanctions lists; a hit opens a case for people. Names"
        " that were compared with the same lists before are left out."
    )
    example = ""

    def run(self, **_: Any) -> dict[str, Any]:
        report = review.screen_names(at=datetime.now(UTC))
        if report.list_version is None:
            raise Unusable(
                "No sanctions list is loaded: run refresh_reference with a folder that"
                " holds one."
            )
        self.say(
            f"{report.names:,} names compared, {report.hits:,} hits,"
            f" {report.cases:,} cases opened"
        )
        return asdict(report)
