"""What the model said: the sum, its parts, and the check that they add up."""

import math
from bisect import bisect_left
from typing import Any, Final

from apps.features.presenters import described
from apps.reports.presenters import words
from apps.reports.selectors import Sources
from apps.review.policy import percent

POINTS: Final = 10.0 / math.log(10.0)  # evidence points of one unit of log-odds
TOLERANCE: Final = 1e-9


def model_section(sources: Sources) -> dict[str, Any]:
    """Return probability, interval, bars, every contribution and the sum check."""
    score = sources.snapshot["score"]
    contributions = _contributions(sources)
    interval = score["interval"]
    bars = _bars(score, contributions)
    metrics = sources.model.manifest.get("metrics", {})
    calibration = sources.model.manifest.get("calibration", {})
    return {
        "event": words.EVENT,
        "probability": score["probability"],
        "shown": percent(score["probability"]),
        "own_probability": score["own_probability"],
        "own_shown": percent(score["own_probability"]),
        "margin": score["margin"],
        "interval": {
            "low": interval["low"],
            "high": interval["high"],
            "level": calibration.get("level"),
            "shown": f"{percent(interval['low'])} and {percent(interval['high'])}",
        },
        "base_rate": metrics.get("base_rate"),
        "cutoff": sources.model.cutoff,
        "bars": bars,
        "contributions": contributions,
        "unused": _unused(sources),
        "sum_check": _sum_check(score, bars),
    }


def _contributions(sources: Sources) -> list[dict[str, Any]]:
    """Return each input of the model with its part of the sum, the largest first."""
    parts = sources.snapshot["score"]["contributions"]
    grids = {
        one["name"]: one["grid"] for one in sources.model.manifest.get("features", [])
    }
    rows = [
        _contribution(name, value, parts[name], grids.get(name))
        for name, value in sources.snapshot["features"].items()
        if parts[name] != 0.0 or name in grids
    ]
    return sorted(rows, key=lambda row: (-abs(row["log_odds"]), row["name"]))


def _contribution(
    name: str, raw: float | None, part: float, grid: list[float] | None
) -> dict[str, Any]:
    said = described(name, math.nan if raw is None else float(raw))
    return {
        "name": name,
        "label": said.label,
        "family": said.family,
        "code": said.code,
        "raw": raw,
        "value": said.value or "missing",
        "missing": raw is None,
        "sentence": said.sentence,
        "window": said.window,
        "unit": said.unit,
        "percentile": None if raw is None or not grid else _percentile(grid, raw),
        "log_odds": part,
        "points": part * POINTS,
        "shown": words.signed(part * POINTS),
        "misleads": said.misleads,
    }


def _percentile(grid: list[float], value: float) -> int:
    """Return the share of training accounts below the value, in whole percents."""
    return min(bisect_left(grid, value), 99)


def _unused(sources: Sources) -> list[str]:
    excluded = sources.model.manifest.get("excluded", {})
    return [f"{name}: {why}" for name, why in sorted(excluded.items())]


def _bars(
    score: dict[str, Any], contributions: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the steps from nothing known to the shown probability, in points.

    What a missing value adds counts as missing data, not under its own family.
    """
    sums: dict[str, list[float]] = {}
    for one in contributions:
        family = "DAT" if one["missing"] else one["family"]
        sums.setdefault(family, []).append(one["log_odds"])
    steps = [
        (family, words.FAMILIES.get(family, family), math.fsum(parts))
        for family, parts in sums.items()
        if any(parts)
    ]
    steps.sort(key=lambda step: (-abs(step[2]), step[0]))
    own = _log_odds(score["own_probability"])
    joined = _log_odds(score["probability"])
    steps.insert(0, ("base", "Average account", score["contributions"]["base"]))
    steps.append(("calibration", "Calibration", own - score["margin"]))
    if score["ring"] is not None:
        # older snapshots know no company; a bound may cut some of it off
        company = min(score["ring"].get("company", 0.0), joined - own)
        if company:
            steps.append(("company", "Suspicious company", company))
        if score["ring"]["ring_id"] or not company:
            steps.append(("group", "Group of accounts", joined - own - company))
    return _running(steps)


def _running(steps: list[tuple[str, str, float]]) -> list[dict[str, Any]]:
    bars, total = [], 0.0
    for key, label, log_odds in steps:
        start, total = total, total + log_odds * POINTS
        bars.append(
            {
                "key": key,
                "label": label,
                "log_odds": log_odds,
                "points": log_odds * POINTS,
                "shown": words.signed(log_odds * POINTS),
                "start": start,
                "end": total,
            }
        )
    return bars


def _sum_check(score: dict[str, Any], bars: list[dict[str, Any]]) -> dict[str, Any]:
    """Add everything up again and say by how much it misses."""
    total = math.fsum(score["contributions"].values())
    points = _log_odds(score["probability"]) * POINTS
    margin_gap = abs(total - score["margin"])
    bars_gap = abs(math.fsum(bar["points"] for bar in bars) - points)
    return {
        "sum_of_contributions": total,
        "margin": score["margin"],
        "margin_gap": margin_gap,
        "total_points": points,
        "shown_total": words.signed(points),
        "bars_gap": bars_gap,
        "shown_gap": f"{max(margin_gap, bars_gap):.1e}",
        "holds": margin_gap <= TOLERANCE and bars_gap <= TOLERANCE,
    }


def _log_odds(probability: float) -> float:
    return math.log(probability) - math.log1p(-probability)
