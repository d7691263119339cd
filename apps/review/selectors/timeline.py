"""One account's story in one list: events, keys, outcomes, decisions, cases."""

from datetime import datetime
from itertools import chain
from typing import NamedTuple

from apps.customers.models import Account
from apps.decisions.choices import Source
from apps.decisions.models import Decision
from apps.review import policy
from apps.review.models import Case
from apps.signals.models import Event, Outcome

LENGTH = 60
TRACKS = ("sign-up", "payment", "keys", "login", "verification", "outcome", "decision")
_TRACK = {
    "payment": "payment",
    "payment_method": "payment",
    "api_key": "keys",
    "login": "login",
    "verification": "verification",
}


class Moment(NamedTuple):
    """Something that happened to an account."""

    at: datetime
    track: str
    text: str
    url: str = ""


def timeline(
    account: Account, *, at: datetime, length: int = LENGTH, blind: bool = False
) -> list[Moment]:
    """Return what is known to have happened until `at`, newest first.

    `blind` leaves out what the machine decided and the cases that came of it.
    """
    opened = Moment(account.created_at, "sign-up", "Account opened")
    merged = chain(
        _events(account, at, length),
        _outcomes(account, at),
        _decisions(account, at, blind=blind),
        () if blind else _cases(account, at),
        [opened],
    )
    return sorted(merged, key=lambda one: one.at, reverse=True)[:length]


def _events(account: Account, at: datetime, length: int) -> list[Moment]:
    rows = Event.objects.known_at(at).filter(account=account)
    return [
        Moment(row.occurred_at, _TRACK.get(row.type.split(".")[0], "other"), _text(row))
        for row in rows.order_by("-occurred_at")[:length]
    ]


def _text(row: Event) -> str:
    words = row.type.replace("_", " ").replace(".", " ")
    parts = [words.capitalize()]
    if row.type == "login" and row.success is not None:
        parts.append("succeeded" if row.success else "failed")
    if row.amount_minor is not None:
        parts.append(f"{row.amount_minor / 100:,.2f} {row.currency or ''}".strip())
    parts += [str(one) for one in (row.method, row.result, row.plan, row.key_id) if one]
    if row.ip_class:
        parts.append(f"from a {policy.network_of(row.ip_class)}")
    return ", ".join(parts)


def _outcomes(account: Account, at: datetime) -> list[Moment]:
    rows = Outcome.objects.filter(account=account, known_at__lte=at)
    return [
        Moment(
            row.known_at,
            "outcome",
            f"{_words(row.label).capitalize()} ({_words(row.source)})",
        )
        for row in rows.order_by("-known_at")[:20]
    ]


def _decisions(account: Account, at: datetime, *, blind: bool) -> list[Moment]:
    rows = Decision.objects.filter(account=account, as_of__lte=at)
    rows = rows.filter(source=Source.PERSON) if blind else rows
    return [
        Moment(
            row.as_of,
            "decision",
            f"{'A person' if row.source == 'person' else 'The policy'} chose"
            f" {row.action}{', final' if row.final else ''}",
        )
        for row in rows.order_by("-as_of")[:20]
    ]


def _cases(account: Account, at: datetime) -> list[Moment]:
    rows = Case.objects.filter(account=account, opened_at__lte=at)
    return [
        Moment(
            row.opened_at, "case", f"Case {row.reference} opened", f"/cases/{row.id}"
        )
        for row in rows.order_by("-opened_at")[:20]
    ]


def _words(name: str) -> str:
    return name.replace("_", " ")
