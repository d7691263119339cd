import shutil
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from django.conf import settings

from apps.core import embedded
from apps.core.commands import KycriskCommand, Unusable

if TYPE_CHECKING:
    from pathlib import Path

# What the product itself has put into its home. Other files there are left alone.
_MADE = (
    "audit",
    "demo",
    "keys",
    "lake",
    "metrics",
    "models",
    "postgres",
    "reference",
    "static",
)
_STAMPS = ("migrated", "migrate.lock", "template", "template.lock")


class Command(KycriskCommand):
    help = "Drop all data, models and keys of this KYCRISK_HOME and start empty."
    example = "--yes"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="really do it")

    def run(self, **options: Any) -> dict[str, Any]:
        home: Path = settings.KYCRISK_HOME
        if settings.KYCRISK_ENV == "production":
            raise Unusable("Production data are not dropped by a command.")
        if not settings.EMBEDDED_DATABASE:
            raise Unusable("DATABASE_URL is set; drop that database yourself.")
        if not options["yes"]:
            raise Unusable(f"This deletes everything in {home}; add --yes.")
        try:
            embedded.remove(embedded.Layout.of_settings())
        except embedded.UnusableError as error:
            raise Unusable(str(error)) from error
        for name in _MADE:
            shutil.rmtree(home / name, ignore_errors=True)
        for name in _STAMPS:
            (home / name).unlink(missing_ok=True)
        shutil.rmtree(settings.EMBEDDED_ROOT, ignore_errors=True)
        self.say(f"{home} is empty.")
        return {"home": str(home)}
