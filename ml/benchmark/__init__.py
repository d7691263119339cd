"""The benchmark: worlds with a known truth, and what a system found in them."""

from ml.benchmark.beside import beside, learn_beside
from ml.benchmark.cut import cut_bundle
from ml.benchmark.judge import as_text, judge, lifetime
from ml.benchmark.read import Account, Export, read_rings, read_scores, read_truth
from ml.benchmark.refuse import RefusedError, future_reading
from ml.benchmark.rings import match_rings

__all__ = [
    "Account",
    "Export",
    "RefusedError",
    "as_text",
    "beside",
    "cut_bundle",
    "future_reading",
    "judge",
    "learn_beside",
    "lifetime",
    "match_rings",
    "read_rings",
    "read_scores",
    "read_truth",
]
