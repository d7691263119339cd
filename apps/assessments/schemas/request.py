"""From a request for an assessment to an account's row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.assessments.choices import Event
from apps.core.errors import FieldProblem, InvalidError
from apps.core.validation import RAW_TABLES, validate_rows
from apps.core.validation.codes import DETAILS
from apps.core.validation.columns import RawColumn
from apps.core.validation.rows import CLOCK_TOLERANCE, clean_row
from apps.core.validation.texts import BadValueError

LATE = timedelta(days=7)
_OCCURRED_AT = RawColumn("occurred_at", "timestamp", required=True, past=True)
# where each column of `accounts` stands in the request
_SIGNUP = {
    name: f"signup_{name}"
    for name in (
        "ip",
        "user_agent",
        "ja4",
        "device_id",
        "timezone",
        "locale",
        "form_ms",
    )
}
_PAYMENT = {
    name: f"payment_{name}"
    for name in ("type", "fingerprint", "bin", "funding", "country")
} | {"payer_name": "payer_name"}
_PREFIXED = frozenset(_SIGNUP.values()) | frozenset(_PAYMENT.values())
_ACCOUNT = {"id": "account_id"} | {
    column.name: column.name
    for column in RAW_TABLES["accounts"]
    if column.name not in _PREFIXED | {"account_id", "valid_from"}
}
PARTS = {"account": _ACCOUNT, "signup": _SIGNUP, "payment": _PAYMENT}
_TOP = {"event", "occurred_at", "options", *PARTS}


@dataclass(frozen=True, slots=True)
class AssessmentRequest:
    """A checked request: the account's row, why, when, and the caller's options."""

    event: str
    occurred_at: datetime
    row: dict[str, Any]
    dry_run: bool
    explain: bool
    warnings: tuple[str, ...]


def read_request(body: object, *, at: datetime) -> AssessmentRequest:
    """Check a decoded body; raise InvalidError naming every bad field it finds."""
    if not isinstance(body, Mapping):
        raise _invalid([FieldProblem("", "wrong_type", "The body must be an object.")])
    problems: list[FieldProblem] = []
    raw, pointers, warnings = _flatten(body, problems)
    event = _event(body, problems)
    options = _options(body, problems)
    if problems:
        raise _invalid(problems)
    raw.setdefault("created_at", body.get("occurred_at"))
    pointers.setdefault("created_at", "/occurred_at")
    occurred_at = _occurred_at(body, at)
    row = _checked_row(raw, pointers, at)
    # a caller's clock may run ahead; what was just told is known from now on
    row["valid_from"] = min(occurred_at, at)
    return AssessmentRequest(event, occurred_at, row, *options, tuple(warnings))


def _flatten(
    body: Mapping[str, Any], problems: list[FieldProblem]
) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """Return the raw account row, the pointer of each column, and unknown fields."""
    raw: dict[str, Any] = {}
    pointers: dict[str, str] = {}
    warnings = [f"/{name} is not known" for name in sorted(body.keys() - _TOP)]
    for part, names in PARTS.items():
        given = body.get(part)
        if given is None and part != "account":
            continue
        if not isinstance(given, Mapping):
            code = "missing_field" if given is None else "wrong_type"
            problems.append(
                FieldProblem(f"/{part}", code, f"/{part} must be an object.")
            )
            continue
        unknown = sorted(given.keys() - names.keys())
        warnings += [f"/{part}/{name} is not known" for name in unknown]
        for name, column in names.items():
            pointers[column] = f"/{part}/{name}"
            if name in given:
                raw[column] = given[name]
    return raw, pointers, warnings


def _event(body: Mapping[str, Any], problems: list[FieldProblem]) -> str:
    event = body.get("event")
    if event in Event.values and event != Event.SCHEDULED:
        return str(event)
    code = "missing_field" if event is None else "unknown_value"
    words = ", ".join(name for name in Event.values if name != Event.SCHEDULED)
    problems.append(FieldProblem("/event", code, f"/event must be one of {words}."))
    return ""


def _options(
    body: Mapping[str, Any], problems: list[FieldProblem]
) -> tuple[bool, bool]:
    options = body.get("options") or {}
    if not isinstance(options, Mapping):
        options = {"": None}
    flags = []
    for name in ("dry_run", "explain"):
        value = options.get(name, name == "explain")
        if not isinstance(value, bool):
            detail = f"/options/{name} must be true or false."
            problems.append(FieldProblem(f"/options/{name}", "wrong_type", detail))
        flags.append(value is True)
    if "" in options:
        detail = "/options must be an object."
        problems.append(FieldProblem("/options", "wrong_type", detail))
    return flags[0], flags[1]


def _checked_row(
    raw: dict[str, Any], pointers: Mapping[str, str], at: datetime
) -> dict[str, Any]:
    checked = validate_rows("accounts", [raw], as_of=at)
    if checked.rejects:
        raise _invalid(
            [
                FieldProblem(
                    pointer := pointers.get(reject.field, f"/account/{reject.field}"),
                    reject.code,
                    f"{pointer} {DETAILS[reject.code]}",
                )
                for reject in checked.rejects
            ]
        )
    return checked.good[0]


def _occurred_at(body: Mapping[str, Any], at: datetime) -> datetime:
    """Return when the event happened: at most 7 days ago, at most 5 minutes ahead."""
    try:
        clean = clean_row((_OCCURRED_AT,), body, latest=at + CLOCK_TOLERANCE)
    except BadValueError as error:
        detail = f"/occurred_at {DETAILS[error.code]}"
        raise _invalid([FieldProblem("/occurred_at", error.code, detail)]) from error
    moment: datetime = clean["occurred_at"]
    if moment < at - LATE:
        detail = "/occurred_at lies more than 7 days back; import it with a bundle."
        raise _invalid([FieldProblem("/occurred_at", "too_late", detail)])
    return moment


def _invalid(problems: list[FieldProblem]) -> InvalidError:
    count = len(problems)
    noun = "field needs" if count == 1 else "fields need"
    return InvalidError(f"{count} {noun} attention.", problems=tuple(problems))
