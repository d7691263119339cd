"""An import in words: what its columns become, what its data gives and lacks."""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from apps.assessments.models import StagedImport
from apps.assessments.policy.coverage import additions, coverage
from apps.assessments.policy.names import IGNORED, MADE, targets
from apps.core.validation import RAW_TABLES
from apps.decisions.choices import SEVERITY
from ml.features import FAMILIES, FEATURES

TABLE_WORDS: Final = {
    "accounts": "accounts, one row each",
    "customers": "customers behind accounts",
    "api_keys": "API keys",
    "payment_methods": "payment methods",
    "usage": "usage, one row a request",
    "usage_window": "usage, one row an hour",
    "events": "events: logins, payments, checks",
    "outcomes": "outcomes: what was found out",
    "provider": "our own calendar",
}
_WHY: Final = {"name": "by its name", "values": "by its values", "you": "your choice"}
BOTH: Final = "encrypted; a keyed hash for links"
SEALED: Final = "encrypted"
HASHED: Final = "a keyed hash only"
PLAIN: Final = "as it is"
_PROTECTED: Final = {
    BOTH: """accounts.email accounts.phone accounts.signup_ip accounts.payer_name
        accounts.registration_number accounts.address_line accounts.postal_code
        customers.registration_number""",
    SEALED: """accounts.name accounts.org_name accounts.city accounts.region
        accounts.signup_user_agent accounts.org_domain customers.legal_name""",
    HASHED: """accounts.payment_fingerprint accounts.signup_device_id
        accounts.signup_ja4 api_keys.created_ip payment_methods.fingerprint usage.ip
        usage_window.ip_list events.data/ip
        events.data/device_id events.data/fingerprint events.data/ja4""",
}
_PROTECTION: Final = {
    name: words for words, names in _PROTECTED.items() for name in names.split()
}


class ColumnRow(NamedTuple):
    """One column of a file as the mapping shows it."""

    field: str
    header: str
    target: str
    why: str
    fit: str
    doubtful: bool
    protection: str


class FileView(NamedTuple):
    """One file as the mapping shows it."""

    number: int
    file: Mapping[str, Any]
    form: str
    rows: list[ColumnRow]
    choices: list[tuple[str, list[tuple[str, str]]]]
    made: list[tuple[str, str]]


class Added(NamedTuple):
    """Columns that would give further signals."""

    columns: list[str]
    signals: list[str]


class FamilyRow(NamedTuple):
    code: str
    name: str
    given: list[str]
    lacking: list[str]
    total: int


def file_views(row: StagedImport) -> list[FileView]:
    """Return every file with its columns and what they may become."""
    return [
        _file_view(number, file, row.lenient)
        for number, file in enumerate(row.files, 1)
    ]


def families(filled: Collection[str]) -> list[FamilyRow]:
    """Return what the data gives of each family of signals."""
    by_feature = {feature.name: feature.family for feature in FEATURES}
    found = {one.family: one for one in coverage(filled, by_feature)}
    return [
        FamilyRow(
            code,
            FAMILIES[code],
            [_LABELS[name] for name in found[code].given],
            [_LABELS[name] for name in found[code].lacking],
            found[code].total,
        )
        for code in FAMILIES
        if code in found
    ]


def further(filled: Collection[str]) -> list[Added]:
    """Return what missing columns would add, the richest first."""
    return [
        Added([_told(one) for one in columns], [_LABELS[name] for name in names])
        for columns, names in additions(filled, [one.name for one in FEATURES])
    ]


def counts(tables: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the counts of each table in the order in which tables are loaded."""
    return [(name, tables[name]) for name in TABLE_WORDS if name in tables]


def actions(given: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return how many accounts got each action, the mildest first."""
    return [(name, given[name]) for name in SEVERITY if name in given]


def protected(row: StagedImport) -> list[tuple[str, list[str]]]:
    """Return what is encrypted or hashed of the mapped columns: (how, headers)."""
    found: dict[str, list[str]] = {}
    for file in row.files:
        for header, target in zip(file["header"], file["columns"], strict=True):
            if target != IGNORED:
                how = protection(file["table"], target)
                found.setdefault(how, []).append(header)
    return [(how, found[how]) for how in (BOTH, SEALED, HASHED, PLAIN) if how in found]


def protection(table: str, target: str) -> str:
    return _PROTECTION.get(f"{table}.{target}", PLAIN)


def _told(column: str) -> str:
    table, _, name = column.partition(".")
    kind = name.removeprefix("type/")
    return column if kind == name else f"{table} of type {kind}"


def _file_view(number: int, file: Mapping[str, Any], lenient: bool) -> FileView:
    table, form = file["table"], file["form"]
    rows = [
        ColumnRow(
            f"column-{number}-{place}",
            header,
            target,
            "" if target == IGNORED else _WHY.get(why, ""),
            _fit_words(fit, empty, lenient and target not in _REQUIRED[table]),
            fit is not None and fit < 1,
            protection(table, target) if target != IGNORED else "not read",
        )
        for place, (header, target, why, fit, empty) in enumerate(
            zip(
                file["header"], file["columns"], file["why"], file["fits"],
                file["empty"], strict=True,
            ),
            1,
        )
    ]  # fmt: skip
    made = [
        (name, how)
        for name, how in MADE.get(table, {}).items()
        if name not in file["columns"]
    ]
    return FileView(number, file, _form_words(form), rows, _choices(table), made)


def _choices(table: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the options of a column in groups: needed, known, fields of events."""
    known = targets(table)
    needed = [(name, name) for name in known if name in _REQUIRED[table]]
    other = [
        (name, name)
        for name in known
        if name not in _REQUIRED[table] and "/" not in name
    ]
    fields = [(name, name.removeprefix("data/")) for name in known if "/" in name]
    groups = [("Needed", needed), ("May be given", other), ("Of the event", fields)]
    return [(label, options) for label, options in groups if options]


def _form_words(form: Mapping[str, Any]) -> str:
    marks = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
    words = {
        "csv": f"CSV with {marks.get(form['delimiter'], 'commas')}",
        "ndjson": "NDJSON",
        "parquet": "Parquet",
    }[form["kind"]]
    return f"{words}, gzip" if form["gzipped"] else words


def _fit_words(fit: float | None, empty: bool, lenient: bool) -> str:
    if empty:
        return "empty"
    if fit is None:
        return ""
    if fit == 1:
        return "all fit"
    left = "are left empty" if lenient else "are refused"
    return f"{_percent(1 - fit)} do not fit and {left}"


def _percent(share: float) -> str:
    return f"{max(share * 100, 1):.0f} %"


_LABELS: Final = {feature.name: feature.label for feature in FEATURES}
_REQUIRED: Final = {
    table: {column.name for column in columns if column.required}
    for table, columns in RAW_TABLES.items()
}
