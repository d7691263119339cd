from typing import Any

from apps.core.commands import ExportCommand
from apps.signals.selectors import open_engine


class Command(ExportCommand):
    help = (
        "Write the strongest candidates of each account in a ring pass at a moment,"
        " whatever it then makes of them, as Parquet. `benchmark hydra` asks how far"
        " they reach."
    )
    example = "--as-of 2026-11-01T00:00:00Z pairs.parquet"

    def run(self, **options: Any) -> dict[str, Any]:
        # Ibis and SciPy take seconds, which --help need not pay
        from ml.rings.candidates import candidates

        as_of = options["as_of"]
        with open_engine(as_of=as_of) as engine:
            pairs = candidates(engine.backend, as_of=as_of)
        return self.write(pairs, options["file"])
