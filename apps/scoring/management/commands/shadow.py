"""Tell what another model would have said of the accounts that were scored."""

import math
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, ClassVar

from apps.core.commands import KycriskCommand
from apps.scoring import services


class Command(KycriskCommand):
    help = (
        "Ask a model about the stored values of the newest scores of the model in use,"
        " and compare: who stands at the top, how far probabilities move, and, where"
        " accounts were audited at random, which of the two had the lower log-loss."
    )
    example: ClassVar[str] = "mdl_01JD8Q6R3T5V7W9X0Y2Z4A6B8C --scores 5000"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("model_id", metavar="MODEL_ID")
        parser.add_argument("--scores", type=int, default=5000, metavar="N")

    def run(self, **options: Any) -> dict[str, Any]:
        found = services.shadow(
            model_id=options["model_id"], most=options["scores"], at=datetime.now(UTC)
        )
        self.say(f"{found.scores:,} scores of {found.in_use}, the model in use")
        for share, kept in found.kept.items():
            self.say(f"top {share:.0%}: {kept:.1%} of the accounts are the same")
        self.say(
            f"probabilities move by {found.median_move:.4f} in the median,"
            f" by {found.largest_move:.4f} at most"
        )
        self.say(
            f"log-loss on {found.audits} random audits: {found.loss_in_use:.4f} in use,"
            f" {found.loss:.4f} this one"
            if found.audits
            else "no random audit of these accounts has been decided"
        )
        return asdict(found) | {
            "kept": {f"{share:.0%}": value for share, value in found.kept.items()},
            "loss_in_use": _known(found.loss_in_use),
            "loss": _known(found.loss),
        }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
