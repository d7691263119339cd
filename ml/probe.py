"""Parse a new model and compare its golden answers, in a process of its own.

`python -m ml.probe` reads `<manifest bytes> <text bytes> <sha256>` in one line, then
both. Exit 0: a healthy model. Anything else, a signal or silence: never load it.
"""

import hashlib
import sys

from ml import manifest as manifests
from ml.manifest import ModelFileError
from ml.model import RiskModel, check_golden

# lightgbm looks for these, works without them and starts five times faster
SPARED = ("cffi", "dask", "graphviz", "matplotlib", "pandas", "pyarrow", "sklearn")


def main() -> int:
    for name in SPARED:
        sys.modules[name] = None  # type: ignore[assignment]  # None forbids the import
    head = sys.stdin.buffer.readline().split()
    raw = sys.stdin.buffer.read(int(head[0]))
    text = sys.stdin.buffer.read(int(head[1]))
    if hashlib.sha256(text).hexdigest() != head[2].decode():
        return 3
    try:
        check_golden(RiskModel(manifests.parse(raw), text))
    except ModelFileError:
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
