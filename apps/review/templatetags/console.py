"""What templates need of the shell: places by role, icons, bands and words."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django import template
from django.conf import settings
from django.template import Context

from apps.access.choices import Role
from apps.review import policy

register = template.Library()


class Place(NamedTuple):
    """One entry of the rail; `roles` may open it."""

    label: str
    url: str
    icon: str
    roles: frozenset[str]


CASEWORK = frozenset({Role.ANALYST, Role.LEAD, Role.AUDITOR})
PLACES = (
    Place("Queue", "/queue", "queue", CASEWORK),
    Place("Accounts", "/accounts", "accounts", CASEWORK),
    Place("Rings", "/rings", "rings", CASEWORK),
    Place(
        "Import",
        "/import",
        "import",
        frozenset({Role.LEAD, Role.ADMIN, Role.AUDITOR}),
    ),
    Place("Models", "/models", "models", frozenset({Role.MODEL_OWNER, Role.AUDITOR})),
    Place("Audit", "/audit", "lock", frozenset({Role.LEAD, Role.AUDITOR})),
    Place("Jobs", "/jobs", "jobs", frozenset(Role)),
)
ICONS = {
    "mark": "M12 2.5 20 5.5v6c0 5-3.4 8.4-8 10-4.6-1.6-8-5-8-10v-6zM8.5 15v-3M12 15V8.5"
    "M15.5 15v-4.5",
    "search": "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20 20",
    "queue": "M4 6h16M4 12h16M4 18h10",
    "accounts": "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c.8-3.6 3.8-5.5 7.5-5.5s6.7"
    " 1.9 7.5 5.5",
    "rings": "M6 8.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 8.5a2.5 2.5 0 1 0 0-5 2.5"
    " 2.5 0 0 0 0 5zM12 20.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8.5 6h7M7.3 8.2l3.5"
    " 7.3M16.7 8.2l-3.5 7.3",
    "models": "M4 20V10M10 20V4M16 20v-7M21 20H3",
    "import": "M12 4v11M7.5 10.5 12 15l4.5-4.5M4 16.5V20h16v-3.5",
    "jobs": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
    "raises": "M5 12h13M12 6l6 6-6 6",
    "lowers": "M19 12H6M12 6l-6 6 6 6",
    "lock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
}
MISSING = "\N{EN DASH}"
BAND_WORDS = ("minimal", "low", "elevated", "high", "severe")
ABILITIES = {"search": CASEWORK, "next_case": frozenset({Role.ANALYST})}


@register.inclusion_tag("components/icon.html")
def icon(name: str) -> dict[str, str]:
    return {"path": ICONS[name]}


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[dict[str, Any]]:
    """Places that the signed-in role may open, the current one marked."""
    request = context.get("request")
    role = getattr(getattr(request, "user", None), "role", None)
    path = getattr(request, "path", "")
    return [
        {**place._asdict(), "current": path.startswith(place.url)}
        for place in PLACES
        if role in place.roles
    ]


@register.simple_tag(takes_context=True)
def can(context: Context, ability: str) -> bool:
    role = getattr(getattr(context.get("request"), "user", None), "role", None)
    return role in ABILITIES[ability]


@register.simple_tag
def environment() -> str:
    return settings.KYCRISK_ENV


@register.inclusion_tag("components/band.html")
def band(probability: float) -> dict[str, Any]:
    """Bars and a word; colour is only the third cue."""
    level = policy.band_level(probability)
    word = BAND_WORDS[level - 1]
    bars = [{"x": 0.5 + 5.3 * at, "on": at < level} for at in range(5)]
    return {"band": word, "word": word.capitalize(), "bars": bars}


@register.inclusion_tag("components/bars.html")
def stake(level: int) -> dict[str, Any]:
    bars = [{"x": 1 + 6.5 * at, "on": at < level} for at in range(5)]
    return {"level": level, "bars": bars}


@register.filter
def initials(user: object) -> str:
    words = str(user).split("@")[0].replace(".", " ").split()
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.filter
def percent(value: float | None) -> str:
    """Whole percents, never a false 0 or 100: `< 1 %`, `> 99 %`."""
    return MISSING if value is None else policy.percent(value)


@register.filter
def span(value: timedelta | None) -> str:
    """Say it in the largest telling unit: 41 min, 6 h, 12 d, 3.2 y."""
    return MISSING if value is None else policy.duration(value)


@register.filter
def since(value: datetime | None, now: datetime) -> str:
    return MISSING if value is None else policy.duration(now - value)


@register.filter
def compact(value: float | None) -> str:
    return MISSING if value is None else policy.compact(value)


@register.filter
def item(mapping: dict[str, Any], key: str) -> Any:
    return mapping.get(key)


@register.simple_tag
def lease_left(lease: Any, now: datetime) -> str:
    """Say how long a lease still runs."""
    return policy.duration(lease.expires_at - now) if lease else ""


@register.simple_tag
def seconds_left(lease: Any, now: datetime) -> int:
    return max(0, int((lease.expires_at - now).total_seconds())) if lease else 0
