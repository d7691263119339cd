"""Numbers as people read them."""

from datetime import timedelta

_MINUTE, _HOUR, _DAY, _YEAR = 60.0, 3600.0, 86_400.0, 365.25 * 86_400.0
_SCALES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def percent(value: float) -> str:
    """Whole percents, never a false 0 or 100."""
    if value < 0.01:  # noqa: PLR2004 - one percent
        return "< 1 %"
    if value > 0.99:  # noqa: PLR2004 - ninety-nine percent
        return "> 99 %"
    return f"{value * 100:.0f} %"


def duration(value: timedelta) -> str:
    """Say it in the largest telling unit: 41 min, 6 h, 12 d, 3.2 y."""
    seconds = max(0.0, value.total_seconds())
    for limit, unit, name in (
        (_MINUTE, 1.0, "s"),
        (_HOUR, _MINUTE, "min"),
        (2 * _DAY, _HOUR, "h"),
        (2 * _YEAR, _DAY, "d"),
    ):
        if seconds < limit:
            return f"{seconds // unit:.0f} {name}"
    return f"{seconds / _YEAR:.1f} y"


def compact(value: float) -> str:
    """Three leading digits and a scale: 41.2 M, 980, 1.4 k."""
    for scale, name in _SCALES:
        if abs(value) >= scale:
            scaled = value / scale
            return f"{scaled:.0f} {name}" if scaled >= 100 else f"{scaled:.1f} {name}"  # noqa: PLR2004 - three digits
    return f"{value:.0f}"


def network_of(ip_class: str | None) -> str:
    """Return what people call a network of this class: `VPN network`."""
    names = {"vpn": "VPN", "tor": "Tor", "isp": "ISP", None: "unknown"}
    return f"{names.get(ip_class, ip_class)} network"
