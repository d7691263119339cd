"""Typed readers for environment variables; a bad value ends with a sentence."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str | None:
    """Return the variable, or the default where it is absent or empty."""
    return os.environ.get(name) or default


def choice(name: str, options: tuple[str, ...], default: str) -> str:
    value = os.environ.get(name) or default
    if value not in options:
        raise ImproperlyConfigured(
            f"{name} is {value!r}; set it to one of {', '.join(options)}."
        )
    return value


def number(name: str, default: int, *, low: int, high: int) -> int:
    """Return a whole number within its bounds."""
    value = os.environ.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise ImproperlyConfigured(
            f"{name} is {value!r}; set it to a whole number from {low} to {high}."
        )
    return int(value)


def folder(name: str, default: Path) -> Path:
    return Path(os.environ.get(name) or default).expanduser().resolve()


def words(name: str, default: str) -> list[str]:
    """Return a comma-separated variable as a list without empty entries."""
    raw = os.environ.get(name) or default
    return [word.strip() for word in raw.split(",") if word.strip()]


def database(url: str) -> dict[str, object]:
    """Turn a postgresql:// URL into a Django DATABASES entry.

    A socket folder comes as `?host=/folder`, as libpq writes it.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must start with postgresql://; KYCRisk needs"
            " PostgreSQL 15 or newer."
        )
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or options.get("host", ""),
        "PORT": str(parts.port or options.get("port", "")),
    }
