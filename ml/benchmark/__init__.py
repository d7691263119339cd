"""The benchmark: worlds with a known truth, and what a system found in them."""

from ml.benchmark.ahead import ahead
from ml.benchmark.beside import beside, columns_of, learn_beside
from ml.benchmark.cut import cut_bundle
from ml.benchmark.judge import RATES, calm_threshold, judge, lifetime
from ml.benchmark.loop import Loop, open_loop
from ml.benchmark.reach import reach, read_candidates
from ml.benchmark.read import Account, Export, read_rings, read_scores, read_truth
from ml.benchmark.refuse import RefusedError, future_reading
from ml.benchmark.rewrite import write_stretch
from ml.benchmark.rings import match_rings
from ml.benchmark.text import as_columns, as_text
from ml.benchmark.verdict import DETECTOR, mixed, verdict_seeds
from ml.benchmark.watch import Work, first_alarms, read_work, watch

__all__ = [
    "DETECTOR",
    "RATES",
    "Account",
    "Export",
    "Loop",
    "RefusedError",
    "Work",
    "ahead",
    "as_columns",
    "as_text",
    "beside",
    "calm_threshold",
    "columns_of",
    "cut_bundle",
    "first_alarms",
    "future_reading",
    "judge",
    "learn_beside",
    "lifetime",
    "match_rings",
    "mixed",
    "open_loop",
    "reach",
    "read_candidates",
    "read_rings",
    "read_scores",
    "read_truth",
    "read_work",
    "verdict_seeds",
    "watch",
    "write_stretch",
]
