"""What the two exports share: a moment, a file, a complete file or none."""

from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.core.commands import KycriskCommand, Unusable, moment

if TYPE_CHECKING:
    import pyarrow as pa


class ExportCommand(KycriskCommand):
    """A command that writes one table as Parquet; equal tables give equal bytes."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--as-of", type=moment, required=True, metavar="T")
        parser.add_argument("file", type=Path, metavar="FILE")

    def write(self, table: "pa.Table", path: Path) -> dict[str, Any]:
        """Write beside the file and rename, so that no reader sees half of it."""
        import pyarrow.parquet as pq  # a large library, needed by exports alone

        draft = path.with_name(f".{path.name}.part")
        try:
            pq.write_table(table, draft, compression="zstd", store_schema=False)
            draft.replace(path)
        except OSError as error:
            raise Unusable(f"{path} can't be written: {error.strerror}.") from error
        return {"file": str(path), "rows": table.num_rows}
