"""Measure how many prompts of 200 tokens a second one core sketches (CPU time)."""

import random
import string
import sys
import time

import numpy as np
from kycrisk_client.sketches import Sketcher


def prompts(count: int, seed: int) -> list[str]:
    """Return prompts of one wrapper, half of each being quoted content."""
    draw = random.Random(seed)
    words = [
        "".join(draw.choices(string.ascii_lowercase, k=draw.randint(2, 9)))
        for _ in range(5000)
    ]
    wrapper = " ".join(words[:97])
    return [
        f'{wrapper} {draw.randint(1, 99_999)} "{" ".join(draw.choices(words, k=100))}"'
        f" {words[0]} {words[1]}"
        for _ in range(count)
    ]


def main() -> None:
    sketcher, rows = Sketcher(bytes(range(32))), prompts(4000, seed=1)
    list(sketcher.many(rows[:500]))
    started = time.process_time()
    list(sketcher.many(rows))
    bulk = len(rows) / (time.process_time() - started)
    started = time.process_time()
    for row in rows[:300]:
        sketcher.one(row)
    single = 300 / (time.process_time() - started)
    print(
        f"many: {bulk:,.0f} prompts/s, one: {single:,.0f} prompts/s; 200 tokens,"
        f" {len(rows[0])} bytes, seed 1, Python {sys.version.split()[0]},"
        f" NumPy {np.__version__}"
    )


if __name__ == "__main__":
    main()
