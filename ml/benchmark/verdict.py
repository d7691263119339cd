"""Seeds that nobody could have tuned on: they follow from the detector itself."""

from hashlib import sha256
from typing import Final

SALT: Final = "hydra, verdict 1"
# What decides about accounts; a world must not change together with it.
DETECTOR: Final = (
    "ml/features", "ml/rings", "ml/starter", "ml/model.py", "ml/train.py",
    "ml/calibrate.py", "ml/choose.py", "ml/dataset.py", "ml/evaluate.py",
    "ml/finish.py",
    "ml/frames.py", "ml/history.py", "ml/holdout.py", "ml/intervals.py",
    "ml/manifest.py", "ml/prior.py", "ml/provenance.py", "ml/explain.py",
    "apps/features", "apps/rings", "apps/scoring", "apps/decisions",
)  # fmt: skip
WORLD: Final = ("ml/simulate",)


def verdict_seeds(commit: str, count: int) -> list[int]:
    """Return seeds of worlds that exist only after this commit; SHA-256 of both."""
    digests = [
        sha256(f"{commit}/{SALT}/{number}".encode()).digest() for number in range(count)
    ]
    return [int.from_bytes(digest[:6], "big") for digest in digests]


def mixed(paths: list[str]) -> bool:
    """Say whether one change touches the worlds and the detector that they judge."""

    def touches(parts: tuple[str, ...]) -> bool:
        return any(path == part or path.startswith(f"{part}/") for path in paths
                   for part in parts)  # fmt: skip

    return touches(WORLD) and touches(DETECTOR)
