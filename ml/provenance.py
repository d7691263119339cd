"""By which code and which libraries a model was made."""

import hashlib
from pathlib import Path
from typing import Final

CODE: Final = (
    "calibrate",
    "choose",
    "dataset",
    "evaluate",
    "finish",
    "frames",
    "holdout",
    "intervals",
    "manifest",
    "model",
    "prior",
    "train",
)


def code_digest() -> str:
    """Return the SHA-256 of the code that turns rows into a model."""
    state = hashlib.sha256()
    for name in CODE:
        state.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return state.hexdigest()


def libraries() -> dict[str, str]:
    """Name the releases on which an answer's last bit can depend."""
    from importlib.metadata import version

    return {name: version(name) for name in ("lightgbm", "numpy", "scipy")}
