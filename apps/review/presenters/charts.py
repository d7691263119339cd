"""Charts as SVG made on the server, each with a table that says the same.

No style attributes and no scripts: the content security policy forbids both, and
classes let one drawing serve light, dark and print.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.review import policy

DOTS, DOT_ROW, LABEL = 100, 50, 42


class Chart(NamedTuple):
    """A drawing, what it shows in one sentence, and its table twin."""

    svg: SafeString
    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Part(NamedTuple):
    """One step of a sum in evidence points; `kind` is base, factor or rest."""

    label: str
    points: float
    kind: str = "factor"
    value: str = ""


def dots(low: float, high: float) -> Chart:
    """100 accounts like this one: full below the interval, half inside, empty above."""
    full, half = round(low * DOTS), round(high * DOTS)
    marks = (
        (
            7 + 12 * (at % DOT_ROW) + 6 * (at % DOT_ROW // 10),
            8 + 14 * (at // DOT_ROW),
            "full" if at < full else "half" if at < half else "",
        )
        for at in range(DOTS)
    )
    circles = format_html_join(
        "", '<circle cx="{}" cy="{}" r="4.5" class="dot {}"/>', marks
    )
    svg = format_html('<svg viewBox="0 0 630 30" aria-hidden="true">{}</svg>', circles)
    caption = (
        f"Of 100 accounts that looked like this, between {full} and {half} were"
        " confirmed abusive."
    )
    rows = [("Lower bound", str(full)), ("Upper bound", str(half))]
    return Chart(svg, caption, ("Of 100", "Accounts"), rows)


def waterfall(parts: Sequence[Part], *, total: float, answer: str) -> Chart:
    """Draw a running sum of evidence points that ends on `total`."""
    edges = _edges(parts)
    least = min(0.0, *(low for low, _ in edges))
    most = max(0.0, *(high for _, high in edges))
    scale = 440.0 / max(most - least, 1e-9)
    lines = [
        _step(part, low, high, y=24 * at, least=least, scale=scale)
        for at, (part, (low, high)) in enumerate(zip(parts, edges, strict=True))
    ]
    height = 24 * len(parts) + 30
    end = _round(420 + (total - least) * scale)
    last = format_html(
        '<line class="axis" x1="0" x2="880" y1="{0}" y2="{0}"/>'
        '<text x="0" y="{1}" class="strong">Sum</text>'
        '<text x="396" y="{1}" class="end strong">{2}</text>'
        '<line class="mark" x1="{3}" x2="{3}" y1="0" y2="{0}"/>'
        '<text x="{4}" y="{1}" class="strong {5}">{6}</text>',
        height - 26,
        height - 8,
        signed(total),
        end,
        end,
        "end" if end > 800 else "mid",  # noqa: PLR2004 - near the right edge
        answer,
    )
    svg = format_html(
        '<svg viewBox="0 0 880 {}" aria-hidden="true">{}{}</svg>',
        height,
        format_html_join("", "{}", ((line,) for line in lines)),
        last,
    )
    rows = [(part.label, part.value, signed(part.points)) for part in parts]
    rows.append(("Sum", answer, signed(total)))
    caption = "Evidence points: +3 doubles the odds, +10 multiplies them by ten."
    return Chart(svg, caption, ("Factor", "Value", "Points"), rows)


def days(values: Sequence[tuple[date, int]], *, what: str) -> Chart:
    """Draw one bar a day from zero; the newest day is set off."""
    most = max((count for _, count in values), default=0) or 1
    width = 600.0 / max(len(values), 1)
    bars = format_html_join(
        "",
        '<rect class="bar {}" x="{}" y="{}" width="{}" height="{}"/>',
        (
            (
                "now" if at == len(values) - 1 else "",
                _round(at * width),
                _round(78 - 70 * count / most),
                _round(max(1.0, width - 1.5)),
                _round(70 * count / most),
            )
            for at, (_, count) in enumerate(values)
        ),
    )
    first, last = (values[0][0], values[-1][0]) if values else (None, None)
    svg = format_html(
        '<svg viewBox="0 0 600 96" aria-hidden="true">{}'
        '<line class="axis" x1="0" x2="600" y1="78.5" y2="78.5"/>'
        '<text class="soft" x="0" y="93">{}</text>'
        '<text class="soft end" x="600" y="93">{}</text>'
        '<text class="soft end" x="600" y="6">{}</text></svg>',
        bars,
        f"{first:%-d %b}" if first else "",
        f"{last:%-d %b}" if last else "",
        f"max {policy.compact(most)}",
    )
    total = sum(count for _, count in values)
    rows = [(f"{day:%Y-%m-%d}", f"{count:,}") for day, count in values]
    caption = f"{what} a day; {policy.compact(total)} in {len(values)} days."
    return Chart(svg, caption, ("Day", what), rows)


def history(points: Sequence[tuple[date, float, float, float]]) -> Chart:
    """Draw a probability over time with its interval; (day, low, middle, high)."""
    step = 600.0 / max(len(points) - 1, 1)
    at = [(index * step, *point[1:]) for index, point in enumerate(points)]
    upper = [f"{x:.1f},{_y(high)}" for x, _, _, high in at]
    lower = [f"{x:.1f},{_y(low)}" for x, low, _, _ in at]
    middle = [f"{x:.1f},{_y(chance)}" for x, _, chance, _ in at]
    svg = format_html(
        '<svg viewBox="0 0 600 120" aria-hidden="true">'
        '<polygon class="wash" points="{}"/><polyline class="line" points="{}"/>'
        '<line class="axis" x1="0" x2="600" y1="100" y2="100"/>'
        '<text class="soft" x="0" y="116">{}</text>'
        '<text class="soft end" x="600" y="116">{}</text></svg>',
        " ".join([*upper, *reversed(lower)]),
        " ".join(middle),
        f"{points[0][0]:%-d %b %Y}",
        f"{points[-1][0]:%-d %b %Y}",
    )
    rows = [
        (f"{day:%Y-%m-%d}", policy.percent(p), f"{low:.0%} to {high:.0%}")
        for day, low, p, high in points
    ]
    caption = "Probability with its interval; the height is 0 to 100 %."
    return Chart(svg, caption, ("Day", "Probability", "Interval"), rows)


def signed(points: float) -> str:
    """Write points with their sign, a true minus included."""
    return f"{points:+.1f}".replace("-", "\N{MINUS SIGN}")


def _cut(label: str) -> str:
    """Shorten a label to its column; the table twin has it whole."""
    return (
        label if len(label) <= LABEL else label[: LABEL - 1] + "\N{HORIZONTAL ELLIPSIS}"
    )


def _round(length: float) -> float:
    """Keep a tenth of a unit; format_html itself cannot format numbers."""
    return round(length, 1)


def _y(probability: float) -> str:
    return f"{100 - 96 * probability:.1f}"


def _edges(parts: Sequence[Part]) -> list[tuple[float, float]]:
    """Return where each step begins and ends, the lower end first."""
    edges, total = [], 0.0
    for part in parts:
        edges.append((min(total, total + part.points), max(total, total + part.points)))
        total += part.points
    return edges


def _step(
    part: Part, low: float, high: float, *, y: int, least: float, scale: float
) -> SafeString:
    x, width = 420 + (low - least) * scale, max(1.5, (high - low) * scale)
    kind = "base" if part.kind == "base" else "raises" if part.points >= 0 else "lowers"
    # Hatching and arrows say the direction without colour.
    hatch = format_html_join(
        "",
        '<line class="hatch" x1="{}" x2="{}" y1="{}" y2="{}"/>',
        (
            (_round(x + at), _round(x + at + 6), y + 17, y + 5)
            for at in range(4, int(width) - 6, 7)
            if kind == "raises"
        ),
    )
    tip = x + width + 4 if part.points >= 0 else x - 4
    arrow = "5,0 0,-4 0,4" if part.points >= 0 else "-5,0 0,-4 0,4"
    return format_html(
        '<text x="0" y="{ty}">{label}</text>'
        '<text x="320" y="{ty}" class="soft end">{value}</text>'
        '<text x="396" y="{ty}" class="end">{points}</text>'
        '<rect class="{kind}" x="{x}" y="{ry}" width="{width}" height="12"/>'
        '{hatch}<polygon class="{kind}" transform="translate({tip} {ay})"'
        ' points="{arrow}"/>',
        ty=y + 15,
        ry=y + 5,
        ay=y + 11,
        label=_cut(part.label),
        value=part.value,
        points=signed(part.points),
        kind=kind,
        x=_round(x),
        width=_round(width),
        hatch=hatch,
        tip=_round(tip),
        arrow=arrow,
    )
