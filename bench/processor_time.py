"""Seconds of processor time that trees of processes have used; wall clocks lie here."""

import os
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
_GLANCE_S, _IDLE = 3.0, 0.05  # of one core


def of_tree(*roots: int) -> float:
    """Return user and system time of processes and their descendants, dead ones too."""
    children: dict[int, list[int]] = {}
    times: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        times[int(entry.name)] = sum(map(int, fields[11:15])) / TICKS
        children.setdefault(int(fields[1]), []).append(int(entry.name))
    total, rest = 0.0, list(roots)
    while rest:
        one = rest.pop()
        total += times.get(one, 0.0)
        rest += children.get(one, [])
    return total


def below(root: int, word: str) -> list[int]:
    """Return the direct children of a process whose command holds a word."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == root and word in (entry / "cmdline").read_text():
                found.append(int(entry.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


def settle(root: int, *, within_s: float) -> float:
    """Wait until a tree of processes does next to nothing; return the seconds waited.

    Raises TimeoutError where that takes longer than `within_s`.
    """
    began = time.monotonic()
    before = of_tree(root)
    while time.monotonic() - began < within_s:
        time.sleep(_GLANCE_S)  # used time is a counter: it can only be read again
        now = of_tree(root)
        if now - before < _IDLE * _GLANCE_S:
            return time.monotonic() - began
        before = now
    raise TimeoutError(f"process {root} is still at work after {within_s:.0f} s")
