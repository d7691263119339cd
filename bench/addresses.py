"""How much processor time a million IPv4 and 200,000 IPv6 lookups take.

Reads the published lists (KYCRISK_SHARED_DATA, ../shared/data by default) with the
product's own loaders; needs no database. Addresses are all different, in no order.

Example: .venv/bin/python bench/addresses.py
"""

import socket
import time

import numpy as np
import report
from commands import published, ready

SEED = 1


def main() -> None:
    ready(database=False)
    from apps.reference.services import lookup_ips, store
    from apps.reference.services.draft import compiled
    from apps.reference.services.loaders import read_folder

    shared = published()
    columns = compiled(read_folder(shared / "ip_intel"))
    layers = {kind: (store.Layer(kind, "bench", one),) for kind, one in columns.items()}
    store._cache.store = store.Store(1, {}, layers)
    store._cache.checked = time.monotonic() + 3600
    texts = addresses(columns["ip_asn"]["start6"])
    times = []
    for _ in range(5):
        started = time.process_time()
        lookup_ips(texts)
        times.append(round(time.process_time() - started, 3))
    figures = {
        "ipv4": 1_000_000,
        "ipv6": 200_000,
        "ranges": {
            kind: len(one["start4"]) + len(one["start6"])
            for kind, one in columns.items()
            if "start4" in one
        },
        "first_cpu_s": times[0],
        "median_cpu_s": sorted(times)[len(times) // 2],
        "runs_cpu_s": times,
    }
    print(figures)
    print(report.write("addresses", seed=SEED, figures=figures))


def addresses(starts: np.ndarray) -> list[str]:
    """Draw a million IPv4 addresses, and IPv6 addresses in routed prefixes."""
    draw = np.random.default_rng(SEED)
    numbers = draw.integers(1 << 24, 224 << 24, 1_000_000).astype(">u4").tobytes()
    found = [socket.inet_ntoa(numbers[at : at + 4]) for at in range(0, len(numbers), 4)]
    for start in draw.choice(starts, 200_000):
        raw = bytes(start).ljust(16, b"\0")[:8] + draw.bytes(8)
        found.append(socket.inet_ntop(socket.AF_INET6, raw))
    return found


if __name__ == "__main__":
    main()
