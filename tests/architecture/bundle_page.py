# ruff: noqa: E501 - the page is prose with long lines
"""The page docs/reference/bundle.md, made from the columns that the code checks.

`python -m tests.architecture.bundle_page` writes it anew.
"""

from pathlib import Path

from apps.core.validation import EVENT_DATA, RAW_TABLES, RawColumn

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "bundle.md"

_INTRO = """# Bundle: the files that a provider hands over

A folder. Each table is `NAME.parquet`, `NAME.ndjson(.gz)`, `NAME.csv(.gz)`, or a folder `NAME/` of such files.
`manage.py import_bundle DIR` loads them in one pass, can be repeated and resumed, keeps good rows beside bad ones, and
writes what it refused to `DIR/.rejected/<file>.ndjson` with line, field and reason.

Times are UTC (RFC 3339 in text, timestamp(us, UTC) in Parquet). Ids are 1-128 characters from `A-Z a-z 0-9 _ . : @ -`.
Columns marked * are required; everything else may be missing or null, and missing is a value of its own, never "good"
or "bad". Unknown columns are kept aside with a warning. No prompt or completion text has a place here.

A row of `accounts` is a version: several rows an account are allowed, and a column that can change counts at a moment
only from a version with `valid_from` before it. A bundle with one row an account and no `valid_from` is a final
snapshot; models do not learn from its mutable columns.
"""
_KINDS = {
    "id": "id",
    "timestamp": "time",
    "email": "e-mail address (sealed; hashed for links)",
    "phone": "E.164 (sealed; hashed for links)",
    "ip": "IPv4 or IPv6 address (kept as keyed hashes)",
    "country": "ISO 3166-1 alpha-2",
    "currency": "ISO 4217",
    "domain": "domain name",
    "bin": "6 or 8 digits",
    "bool": "true or false",
    "text": "text",
    "note": "text",
    "opaque": "text",
    "uint32s": "16 uint32",
    "counts": "map name -> count",
    "event_data": "object, see below",
    "event_type": "type of event, see below",
    "object": "object",
    "surface": "api, cloud:NAME or app",
}


def page() -> str:
    """Return the whole page."""
    parts = [_INTRO]
    for table, columns in RAW_TABLES.items():
        parts.append(f"\n## {table}\n\n| column | holds |\n|---|---|\n")
        parts += [_row(column) for column in columns]
    parts.append(
        "\n## Fields of `events.data`, by type\n\n| type | fields |\n|---|---|\n"
    )
    for kind, columns in EVENT_DATA.items():
        names = ", ".join(f"`{column.name}`" for column in columns) or "none"
        parts.append(f"| `{kind}` | {names} |\n")
    return "".join(parts)


def _row(column: RawColumn) -> str:
    star = "*" if column.required else ""
    return f"| `{column.name}`{star} | {_holds(column)} |\n"


def _holds(column: RawColumn) -> str:
    if column.choices:
        return ", ".join(f"`{choice}`" for choice in column.choices)
    if column.kind == "hex":
        low, high = column.low, column.high
        return f"{low} lower-case hex" if low == high else "lower-case hex"
    if column.kind == "int":
        return f"integer, {column.low:,} to {column.high:,}"
    return _KINDS.get(column.kind, column.kind)


if __name__ == "__main__":
    PAGE.write_text(page())
