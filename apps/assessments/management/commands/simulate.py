from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from apps.core.commands import KycriskCommand, Unusable, moment
from ml.simulate.levels import OPERATORS, TRACES
from ml.simulate.tiers import OFFERED, TIERS


def seed(text: str) -> int:
    """Read a seed: a whole number that is not negative."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 upward")
    return int(text)


class Command(KycriskCommand):
    help = (
        "Write a simulated world: DIR/bundle, as a provider hands it over, with the"
        " lookup tables of its addresses and cards, and DIR/truth, which no importer"
        " reads. The same tier and seed give the same files."
    )
    example = "/tmp/world --tier nano --seed 1"  # noqa: S108 - shown in --help

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dir", type=Path, metavar="DIR", help="the folder to write")
        parser.add_argument(
            "--tier",
            choices=list(TIERS),
            default="nano",
            metavar="TIER",
            help=f"{', '.join(OFFERED)}; tiny and ladder are for tests",
        )
        parser.add_argument("--seed", type=seed, required=True, metavar="N")
        parser.add_argument(
            "--end",
            type=moment,
            metavar="T",
            help="the last midnight of the world's 120 days (default 2026-11-01)",
        )
        _add_variants(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        # numpy and pyarrow take half a second, which --help need not pay
        from ml.simulate import NoTracesError, Variant, simulate

        folder: Path = options["dir"]
        try:
            written = simulate(
                folder,
                options["tier"],
                options["seed"],
                options["end"],
                self._step,
                Variant(
                    scenario=options["scenario"],
                    without=options["without"],
                    operators=options["operators"],
                    traces=options["traces"],
                ),
            )
        except NoTracesError as error:
            raise Unusable(str(error)) from error
        except OSError as error:
            raise Unusable(f"{folder} cannot be written: {error.strerror}.") from error
        for name, rows in sorted(written.rows.items()):
            self.say(f"{rows:>12,} {name}")
        return {
            "dir": str(folder),
            "tier": written.tier,
            "scenario": options["scenario"],
            "seed": written.seed,
            "start": written.start,
            "end": written.end,
            "rows": written.rows,
        }

    def _step(self, label: str, done: int, total: int) -> None:
        self.progress(label, done, total)


def _add_variants(parser: ArgumentParser) -> None:
    """Add what may differ from the main world of a seed."""
    parser.add_argument(
        "--scenario",
        choices=["main", "zero-label", "few", "permuted", "riders"],
        default="main",
        help=(
            "zero-label: the same world, of which nobody ever learns anything;"
            " few: 100,000 prompts through 1-5 accounts; permuted: no campaign,"
            " and what accounts share is dealt out anew; riders: campaigns with"
            " the rates and tokens of real clients (needs --traces)"
        ),
    )
    parser.add_argument(
        "--traces",
        type=Path,
        metavar="DIR",
        help="folder with llm_traces/servegen_*.parquet, read and never copied",
    )
    parser.add_argument(
        "--without",
        choices=sorted(TRACES),
        metavar="TRACE",
        help=f"take one trace from every ring: {', '.join(sorted(TRACES))}",
    )
    parser.add_argument(
        "--operators",
        choices=sorted(OPERATORS),
        default="all",
        help="let rings work in the ways of one half of the operators alone",
    )
