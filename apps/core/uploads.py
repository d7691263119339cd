"""Uploads go to a folder of this home piece by piece, never through memory or /tmp."""

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import (
    FileUploadHandler,
    TemporaryFileUploadHandler,
)


class HomeFile(TemporaryUploadedFile):
    """An upload in `KYCRISK_HOME/uploads`, readable by us alone, gone when closed."""

    def __init__(  # the arguments of its base, which writes where a setting says
        self, name: str, kind: str, size: int, charset: str | None, extra: Any = None
    ) -> None:
        folder = Path(settings.KYCRISK_HOME) / "uploads"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=folder)  # noqa: SIM115 - closed with the request
        UploadedFile.__init__(self, file, name, kind, size, charset, extra)


class HomeUploadHandler(TemporaryFileUploadHandler):
    """Django's handler of large files, for every file and into our folder."""

    def new_file(self, *args: Any, **named: Any) -> None:
        FileUploadHandler.new_file(self, *args, **named)
        self.file = HomeFile(
            self.file_name or "file",
            self.content_type or "",
            0,
            self.charset,
            self.content_type_extra,
        )
