"""What a provider may send: one definition of each raw column, and its checks.

`validate_rows` checks decoded rows; `vectors.validate_table` whole Arrow tables.
"""

from apps.core.validation.columns import EVENT_DATA, RAW_TABLES, RawColumn
from apps.core.validation.rows import Checked, Reject, row_from_text, validate_rows

__all__ = [
    "EVENT_DATA",
    "RAW_TABLES",
    "Checked",
    "RawColumn",
    "Reject",
    "row_from_text",
    "validate_rows",
]
