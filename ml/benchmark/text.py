"""The figures of one world as a table for people."""

from collections.abc import Mapping
from typing import Any


def as_text(name: str, figures: Mapping[str, Any]) -> str:
    """Return the figures of one world as a table for people."""
    counts = figures["accounts"]
    areas = "no ring"
    if figures["pr_auc"] is not None:
        areas = f"PR-AUC {figures['pr_auc']:.3f}, ROC-AUC {figures['roc_auc']:.3f}"
    who = f"{counts['honest']:,} honest, {counts['in_rings']:,} in rings"
    lines = [f"{name}: {who}; {areas}"]
    for table in figures["rates"]:
        lines.append(
            f"  at {table['rate']:.1%} of validation honest (threshold"
            f" {table['threshold']:.4f}); realised {_share(table['realised'])}"
        )
        lines += [
            f"    recall {level:<6} {_share(one)}"
            f"{_rings(table['recall_by_ring'][level])}"
            for level, one in table["recall"].items()
            if one["count"]
        ]
        worst = max(table["look_alikes"].items(), key=lambda pair: pair[1]["value"])
        lines.append(f"    worst look-alike: {worst[0]} {_share(worst[1])}")
    lines += _fairness(figures["fairness"])
    lines += _columns(figures)
    lines += _watched(figures)
    if not figures["rates"]:
        lines.append("  too few honest accounts for any rate")
    return "\n".join(lines)


def _columns(figures: Mapping[str, Any]) -> list[str]:
    """Return the recall of the baselines and of the oracle, a line each."""
    rings = figures.get("rings")
    if not figures["accounts"]["in_rings"]:
        said = "    rings: {found}, of {accounts_in_found} accounts; none is real"
        return [said.format(**rings)] if rings else []
    lines = []
    for name, other in figures.get("beside", {}).items():
        for table in other["rates"]:
            recall = " ".join(
                f"{level} {one['value']:.2f}" for level, one in table["recall"].items()
            )
            lines.append(f"    beside at {table['rate']:.1%}: {name:<17} {recall}")
    lines += [
        f"    ahead of the best at {table['rate']:.1%}: {_ahead(table['levels'])}"
        for table in figures.get("ahead", [])
    ]
    if rings:
        lines.append(
            f"    rings: B-cubed precision {rings['b_cubed_precision']:.2f}, recall"
            f" {rings['b_cubed_recall']:.2f}; caught {rings['caught_by_level']}"
        )
    return lines


def _ahead(levels: Mapping[str, Any]) -> str:
    """Return by level how much more is found, with the interval over whole rings."""
    told = []
    for level, one in levels.items():
        within = one["interval"]
        ends = f" [{within[0]:+.2f}, {within[1]:+.2f}]" if within else ""
        told.append(f"{level} {one['difference']:+.3f}{ends}")
    return ", ".join(told)


def _fairness(tables: list[Mapping[str, Any]]) -> list[str]:
    """Return the least over the greatest rate between groups of countries."""
    return [
        f"    country groups at {table['rate']:.0%}: least/most {table['ratio']:.2f}"
        f" (intervals allow {table['ratio_at_most']:.2f}; blind to groups:"
        f" {table['ratio_by_chance'][0]:.2f}, one in twenty below"
        f" {table['ratio_by_chance'][1]:.2f})"
        for table in tables
        if table["ratio"] is not None
    ]


def _watched(figures: Mapping[str, Any]) -> list[str]:
    """Return when rings were caught, what they got by then, and false alarms."""
    lines = []
    for watched in figures.get("watched", []):
        lines.append(f"  over time, at {watched['rate']:.1%}:")
        for level, one in watched["hours_to_detect"].items():
            volume = watched["exchanges_at_the_alarm"][level]["median"]
            leak = watched["leaked"].get(level, {"share": 0.0})["share"]
            lines.append(
                f"    {level:<6} caught {one['caught']} of {one['rings']}; hours to"
                f" detect: median {_hours(one['median'])}, nine in ten"
                f" {_hours(one['p90'])}; exchanges seen {_hours(volume)};"
                f" leaked {leak:.1%}"
            )
        false = watched["false_alarms"]["per_30_account_days"]
        if false is not None:
            lines.append(f"    false alarms for 30 honest account-days: {false:.5f}")
    for level, one in figures.get("reach", {}).items():
        lines.append(
            f"    candidates reach {level:<6} paired {one['paired']:.2f}, joined"
            f" {one['joined']:.2f} of {one['accounts']:.0f}"
        )
    return lines


def _hours(value: float | None) -> str:
    return "never" if value is None else f"{value:,.0f}"


def _rings(interval: tuple[float, float] | None) -> str:
    if interval is None:
        return ""
    return f", by ring [{interval[0]:.3f}, {interval[1]:.3f}]"


def _share(one: Mapping[str, float]) -> str:
    interval = f"[{one['low']:.3f}, {one['high']:.3f}]"
    return f"{one['value']:.3f} {interval} of {one['count']:,}"


def as_columns(worlds: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return recall of knock-outs and transfer beside that of the same seed."""
    lines = []
    for name, figures in worlds.items():
        seed = " ".join(name.split()[:2])
        if name == seed or seed not in worlds:
            continue
        pairs = zip(worlds[seed]["rates"], figures["rates"], strict=False)
        for whole, one in pairs:
            recall = " ".join(
                f"{level} {share['value']:.2f} ({whole['recall'][level]['value']:.2f})"
                for level, share in one["recall"].items()
                if share["count"] and level in whole["recall"]
            )
            lines.append(f"{name} at {one['rate']:.1%}, with the whole: {recall}")
    return lines
