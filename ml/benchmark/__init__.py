"""The benchmark: worlds with a known truth, and what a system found in them."""

from ml.benchmark.judge import (
    Account,
    as_text,
    judge,
    lifetime,
    read_scores,
    read_truth,
)

__all__ = ["Account", "as_text", "judge", "lifetime", "read_scores", "read_truth"]
