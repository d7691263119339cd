"""Where every benchmark writes: bench/results/NAME.json, with machine and versions."""

import json
import os
import platform
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("django", "duckdb", "granian", "lightgbm", "numpy", "polars", "psycopg")


def write(name: str, *, seed: int, figures: dict) -> Path:
    """Write the figures of one benchmark and return the file."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    content = {
        "name": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "revision": revision(),
        "machine": machine(),
        "versions": {library: version(library) for library in LIBRARIES},
        "figures": figures,
    }
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path


def machine() -> dict:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 2**30, 1),
        "processor": _processor(),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def speed() -> float:
    """Return how long ten million steps of Python take now: of other runs beside."""
    began, total = time.perf_counter(), 0
    for step in range(10_000_000):
        total += step * step % 7
    return round(time.perf_counter() - began, 2)


def revision() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return done.stdout.strip() or "unknown"
