"""A bundle without its future."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow.compute as pc
import pyarrow.parquet as pq

_TIMES: Final = {
    "accounts": "valid_from",
    "api_keys": "created_at",
    "events": "occurred_at",
    "outcomes": "known_at",
    "payment_methods": "added_at",
    "usage": "occurred_at",
    "usage_window": "window_start",
}


def cut_bundle(bundle: Path, as_of: datetime, folder: Path) -> None:
    """Copy a bundle up to `as_of` into `folder`; rows of that very moment stay.

    `provider` and `customers` carry no time of their own knowledge and stay whole.
    """
    folder.mkdir(parents=True)
    for path in sorted(bundle.glob("*.parquet")):
        column = _TIMES.get(path.stem)
        if column is None:
            shutil.copyfile(path, folder / path.name)
            continue
        with pq.ParquetFile(path) as source:
            schema = source.schema_arrow
            with pq.ParquetWriter(folder / path.name, schema) as target:
                for batch in source.iter_batches():
                    known = pc.less_equal(batch.column(column), as_of)
                    target.write_batch(batch.filter(known))
