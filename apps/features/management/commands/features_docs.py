from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import CommandParser

from apps.core.commands import KycriskCommand
from apps.features import presenters


class Command(KycriskCommand):
    help = "Write the dictionaries of features and reason codes."
    example: ClassVar[str] = "--to docs/reference"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        folder = Path(settings.BASE_DIR) / "docs" / "reference"
        parser.add_argument("--to", type=Path, default=folder, metavar="FOLDER")

    def run(self, **options: Any) -> dict[str, Any]:
        folder: Path = options["to"]
        folder.mkdir(parents=True, exist_ok=True)
        pages = {
            "features.md": presenters.features_page(),
            "reason_codes.md": presenters.reason_codes_page(),
        }
        for name, text in pages.items():
            (folder / name).write_text(text, encoding="utf-8")
        return {"written": sorted(pages)}
