"""Names that wait for a comparison with the sanctions lists, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from apps.customers.models import Account, AccountVersion, Customer, VaultValue
from apps.reference import services as reference
from apps.review.choices import Lane, State
from apps.review.models import Case, SanctionsHit, ScreenedName

# Fields of the vault that name a person or an organization.
NAME_FIELDS: Final = ("name", "org_name", "legal_name", "payer_name")


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A hit beside the names of the entry that it was like; those are public."""

    hit: SanctionsHit
    listed: tuple[str, ...]


def unscreened(*, list_version: str, limit: int) -> list[VaultValue]:
    """Return names that were not compared with this version of the lists yet.

    Only of subjects that have an account: others wait until they have one.
    """
    done = ScreenedName.objects.filter(value=OuterRef("pk"), list_version=list_version)
    own = Account.objects.filter(subject=OuterRef("subject"))
    customers = AccountVersion.objects.filter(customer_id=OuterRef("customer_id"))
    owners = Customer.objects.filter(Exists(customers), subject=OuterRef("subject"))
    rows = VaultValue.objects.filter(~Exists(done), field__in=NAME_FIELDS)
    return list(rows.filter(Q(Exists(own)) | Q(Exists(owners))).order_by("pk")[:limit])


def accounts_of(subjects: Sequence[UUID]) -> dict[UUID, list[int]]:
    """Return the accounts of each subject: its own, or those of that customer."""
    found: dict[UUID, list[int]] = {}
    own = Account.objects.filter(subject__in=subjects).values_list("subject", "pk")
    for subject, account in own:
        found.setdefault(subject, []).append(account)
    customers = dict(
        Customer.objects.filter(subject__in=subjects).values_list(
            "customer_id", "subject"
        )
    )
    versions = AccountVersion.objects.filter(customer_id__in=customers)
    pairs = versions.values_list("customer_id", "account_id").distinct()
    for customer, account in sorted(pairs):
        if customer in customers:
            found.setdefault(customers[customer], []).append(account)
    return found


def open_sanctions_case(account_id: int) -> Case | None:
    """Return the account's sanctions case that is not closed."""
    rows = Case.objects.filter(account_id=account_id, lane=Lane.SANCTIONS)
    return rows.exclude(state=State.CLOSED).first()


def shown_hits(case: Case) -> list[ShownHit]:
    """Return the hits of a case, the likest first."""
    rows = SanctionsHit.objects.filter(case=case).order_by("-score", "id")
    return [
        ShownHit(hit, tuple(reference.listed_names(hit.entry_id)[:8])) for hit in rows
    ]
