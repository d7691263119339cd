"""Tell how far the accounts of the last assessment have moved from a model's own."""

import math
from argparse import ArgumentParser
from typing import Any, ClassVar

from apps.core.commands import KycriskCommand, Unusable
from apps.scoring import services


class Command(KycriskCommand):
    help = (
        "Compare the feature values of the newest scores with those that the model in"
        " use learned from: the population stability index of each input, the largest"
        " first. From .1 on it is worth a look; from .25 on the population has moved."
    )
    example: ClassVar[str] = "--kind activity"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--kind", choices=("entry", "activity"), required=True)
        parser.add_argument("--scores", type=int, default=5000, metavar="N")

    def run(self, **options: Any) -> dict[str, Any]:
        found = services.drift(kind=options["kind"], most=options["scores"])
        if found is None:
            raise Unusable(f"No {options['kind']} model is in use.")
        ranked = sorted(found.indices.items(), key=lambda one: (-_size(one[1]), one[0]))
        for name, index in ranked:
            said = "too few values" if math.isnan(index) else f"{index:.3f}"
            self.say(f"{name}: {said}")
        told = {name: _known(index) for name, index in ranked}
        return {"model": found.model_id, "scores": found.scores, "stability": told}


def _size(index: float) -> float:
    return -1.0 if math.isnan(index) else index


def _known(index: float) -> float | None:
    return None if math.isnan(index) else round(index, 6)
