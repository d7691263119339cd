"""Store what a provider says of customers, accounts, keys and payment methods.

Bulk and single rows take the same way: checked raw rows (`apps.core.validation`) are
enriched, sealed and written by one statement, and recorded in the audit log.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from apps.audit import services as audit
from apps.core.validation import RAW_TABLES
from apps.customers import policy
from apps.customers.errors import UnknownAccountError
from apps.customers.models import Account
from apps.customers.services import facts as enrichment
from apps.customers.services.put import Put, PutReport, Source

_IMPORTER: Final = audit.Actor("system", "importer")


def put_accounts(
    *,
    rows: Iterable[Mapping[str, Any]],
    source: Source,
    at: datetime,
    history: str = "versioned",
    actor: audit.Actor = _IMPORTER,
    request_id: str | None = None,
) -> PutReport:
    """Store checked rows of `accounts`; the same rows again change nothing.

    A bundle is history: its versions count as recorded at `valid_from` (default
    `created_at`). By API a version counts from `at`. `history="unknown"` marks a final
    snapshot. Each chunk of 1,000 rows is one transaction and one audit entry.
    """
    put = Put(policy.ACCOUNT_VERSION, source, at, actor, request_id, history)
    return put.all(enrichment.account_facts, _complete("accounts", rows))


def put_customers(
    *,
    rows: Iterable[Mapping[str, Any]],
    source: Source,
    at: datetime,
    actor: audit.Actor = _IMPORTER,
    request_id: str | None = None,
) -> PutReport:
    """Store checked rows of `customers`; versions start at `at`."""
    put = Put(policy.CUSTOMER_VERSION, source, at, actor, request_id)
    return put.all(enrichment.customer_facts, _complete("customers", rows))


def put_api_keys(
    *,
    rows: Iterable[Mapping[str, Any]],
    source: Source,
    at: datetime,
    actor: audit.Actor = _IMPORTER,
    request_id: str | None = None,
) -> PutReport:
    """Store checked rows of `api_keys`; rows of unknown accounts are `orphans`."""
    put = Put(policy.API_KEY, source, at, actor, request_id)
    return put.all(enrichment.api_key_facts, _complete("api_keys", rows))


def put_payment_methods(
    *,
    rows: Iterable[Mapping[str, Any]],
    source: Source,
    at: datetime,
    actor: audit.Actor = _IMPORTER,
    request_id: str | None = None,
) -> PutReport:
    """Store checked rows of `payment_methods`; unknown accounts are `orphans`."""
    put = Put(policy.PAYMENT_METHOD, source, at, actor, request_id)
    return put.all(enrichment.payment_method_facts, _complete("payment_methods", rows))


def put_account(
    *,
    row: Mapping[str, Any],
    at: datetime,
    actor: audit.Actor = _IMPORTER,
    request_id: str | None = None,
) -> Account:
    """Store one checked row at sign-up and return its account; three round trips."""
    put = Put(policy.ACCOUNT_VERSION, "api", at, actor, request_id)
    facts = enrichment.account_facts(list(_complete("accounts", [row])))
    put.chunk(facts, [0])
    return put.account(facts[0])


def _complete(
    table: str, rows: Iterable[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield rows with every column of the table."""
    names = [column.name for column in RAW_TABLES[table]]
    for row in rows:
        yield {name: row.get(name) for name in names}


def require_account(*, account_id: str) -> None:
    """Raise UnknownAccountError where nothing was ever recorded of the account."""
    if not Account.objects.filter(account_id=account_id).exists():
        raise UnknownAccountError("There is no such account; put the account first.")
