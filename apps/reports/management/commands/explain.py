import json
import sys
from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from apps.core.commands import KycriskCommand, Unusable, moment
from apps.reports.presenters import explanation_document, explanation_pdf
from apps.reports.selectors import newest_of


class Command(KycriskCommand):
    help = "Write the explanation of an account's newest assessment up to a moment."
    example = "acct_7Q2M --as-of 2026-11-22T00:00:00Z --format pdf --output report.pdf"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", help="the account's id")
        parser.add_argument("--as-of", type=moment, required=True, metavar="T")
        parser.add_argument("--format", choices=("json", "pdf"), default="json")
        parser.add_argument("--output", metavar="FILE", help="default: standard output")

    def run(self, **options: Any) -> dict[str, Any]:
        assessment_id = newest_of(account_id=options["account"], as_of=options["as_of"])
        content = (
            explanation_pdf(assessment_id)
            if options["format"] == "pdf"
            else _json(explanation_document(assessment_id))
        )
        output = options["output"]
        if output:
            _write(Path(output), content)
        elif not options["json"]:
            sys.stdout.buffer.write(content)
        return {
            "assessment_id": assessment_id,
            "format": options["format"],
            "bytes": len(content),
            "output": output,
        }


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Unusable(f"{path} cannot be written: {error.strerror}.") from error
