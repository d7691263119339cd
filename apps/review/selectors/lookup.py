"""Search by id, and by the keyed hash of an e-mail address; and single objects."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from apps.customers.models import Account, AccountValue, ApiKey
from apps.customers.services import hashing
from apps.review.models import Case
from apps.rings.models import Ring

LIMIT = 20


class Hit(NamedTuple):
    """One thing found, and by what it matched."""

    kind: str
    label: str
    url: str
    why: str


def search(query: str) -> list[Hit]:
    """Return accounts, keys, cases and rings whose id matches; mail only by its hash.

    An address never reaches a statement as text: it is hashed first.
    """
    if "@" in query:
        return _by_mail(query) + _accounts(query)
    return _accounts(query) + _keys(query) + _cases(query) + _rings(query)


def account_named(account_id: str) -> Account | None:
    return Account.objects.filter(account_id=account_id).first()


def key_versions(key_id: str, *, at: datetime) -> list[ApiKey]:
    """Return every version of a key known at `at`, newest first."""
    rows = ApiKey.objects.filter(key_id=key_id, recorded_at__lte=at)
    return list(rows.select_related("account").order_by("-recorded_at", "-pk"))


def _accounts(query: str) -> list[Hit]:
    rows = Account.objects.filter(account_id__istartswith=query)
    return [
        Hit("Account", row.account_id, f"/accounts/{row.account_id}", "id begins so")
        for row in rows.order_by("account_id")[:LIMIT]
    ]


def _keys(query: str) -> list[Hit]:
    rows = ApiKey.objects.filter(key_id=query).order_by("key_id").distinct("key_id")
    return [Hit("Key", row.key_id, f"/keys/{row.key_id}", "same id") for row in rows]


def _cases(query: str) -> list[Hit]:
    rows = Case.objects.filter(Q(reference__iexact=query) | Q(pk=query))
    return [Hit("Case", row.reference, f"/cases/{row.id}", "same id") for row in rows]


def _rings(query: str) -> list[Hit]:
    rows = Ring.objects.filter(ring_id=query).order_by("ring_id").distinct("ring_id")
    return [
        Hit("Ring", row.ring_id, f"/rings/{row.ring_id}", "same id") for row in rows
    ]


def _by_mail(query: str) -> list[Hit]:
    digest = hashing.key_of("email", hashing.mailbox(query))
    rows = AccountValue.objects.filter(kind="email", value=digest)
    return [
        Hit(
            "Account",
            row.account.account_id,
            f"/accounts/{row.account.account_id}",
            "same mailbox (keyed hash)",
        )
        for row in rows.select_related("account").order_by("account_id")[:LIMIT]
    ]
