"""An import in the browser, step by step, with its jobs done on the spot."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.assessments.models import StagedImport
from apps.assessments.services import intake
from apps.core.progress import Silent


@dataclass
class Importing:
    """One person's browser and the home in which the import lies."""

    client: Client
    house: Path

    def upload(self, **files: bytes) -> Any:
        """Send files; a name's last _ is the dot before its ending."""
        sent = [
            SimpleUploadedFile(".".join(name.rsplit("_", 1)), data)
            for name, data in files.items()
        ]
        return self.client.post("/import/upload", {"upload": sent}, follow=True)

    def staged(self, **files: bytes) -> StagedImport:
        answer = self.upload(**files)
        assert answer.status_code == 200, answer.content.decode()
        return StagedImport.objects.get(pk=answer.request["PATH_INFO"].split("/")[2])

    def map(self, row: StagedImport, **changes: str) -> Any:
        """Send the mapping as the page shows it, but for the changes."""
        data: dict[str, Any] = {"version": row.row_version, "check": "1"}
        data |= {"lenient": "on"} if row.lenient else {}
        for number, file in enumerate(row.files, 1):
            data[f"table-{number}"] = file["table"]
            data[f"dates-{number}"] = "day" if file["day_first"] else "month"
            for place, target in enumerate(file["columns"], 1):
                data[f"column-{number}-{place}"] = target
        answer = self.client.post(f"/import/{row.id}/map", data | changes, follow=True)
        row.refresh_from_db()
        return answer

    def check(self, row: StagedImport, **changes: str) -> dict[str, Any]:
        """Map and run the dry run; return what it found."""
        answer = self.map(row, **changes)
        assert row.state == "checking", answer.content.decode()
        at = datetime.now(UTC)
        intake.check_import(import_id=row.id, progress=Silent(), at=at)
        row.refresh_from_db()
        return row.check_report

    def step(self, row: StagedImport, name: str, **data: str) -> Any:
        given = {"version": row.row_version, **data}
        answer = self.client.post(f"/import/{row.id}/{name}", given, follow=True)
        row.refresh_from_db()
        return answer

    def load(self, row: StagedImport, as_of: str = "end") -> dict[str, Any]:
        self.step(row, "load", as_of=as_of)
        return self.load_now(row)

    def load_now(self, row: StagedImport) -> dict[str, Any]:
        assert row.state == "loading", row.problem
        intake.load_import(import_id=row.id, progress=Silent(), at=datetime.now(UTC))
        row.refresh_from_db()
        return row.result

    def files_left(self) -> list[Path]:
        folders = (self.house / "home" / "imports", self.house / "home" / "uploads")
        return [path for folder in folders for path in folder.rglob("*")]
