"""The facts about one account that a person judges by; nothing of the model."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Max, Min, Q, Sum

from apps.customers.models import Account, AccountVersion, ApiKey, PaymentMethod
from apps.features.models import SignalSnapshot
from apps.rings.models import Membership
from apps.rings.selectors import association_of
from apps.signals.models import Event, Outcome

CONNECTIONS = 8
# How many accounts a value is counted over; beyond that it is plainly common.
COUNTED = 5000
_CONNECTIONS_SQL = f"""
SELECT mine.kind, mine.value, mine.seen_at, (
    SELECT count(*) FROM (
        SELECT 1 FROM customers_accountvalue other
        WHERE other.kind = mine.kind AND other.value = mine.value
          AND other.account_id <> mine.account_id AND other.recorded_at <= %(at)s
        LIMIT {COUNTED}) counted)
FROM customers_accountvalue mine
WHERE mine.account_id = %(account)s AND mine.recorded_at <= %(at)s
ORDER BY 4 DESC, mine.kind, mine.value
"""


class Connection(NamedTuple):
    """A value of the account and how many other accounts show it.

    seen_at is None for what shows in use, day by day.
    """

    kind: str
    value: str
    seen_at: datetime | None
    others: int


@dataclass(frozen=True, slots=True)
class PaymentHistory:
    succeeded: int
    failed: int
    disputed: int
    refunded: int
    amount_minor: int | None
    first_at: datetime | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known of one account at `at`, read with a fixed number of queries."""

    account: Account
    at: datetime
    version: AccountVersion | None
    connections: tuple[Connection, ...]
    accounts_total: int
    methods: tuple[PaymentMethod, ...]
    keys: tuple[ApiKey, ...]
    payments: PaymentHistory
    verified: tuple[str, ...]
    logins: int
    networks: int
    ip_classes: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    membership: Membership | None
    fresh: dict[str, datetime]

    @property
    def live_keys(self) -> tuple[ApiKey, ...]:
        return tuple(key for key in self.keys if not _over(key.revoked_at, self.at))

    def shared(self, *kinds: str) -> list[Connection]:
        """Return the values of these kinds that other accounts show as well."""
        return [one for one in self.connections if one.kind in kinds and one.others]


def facts_of(account: Account, *, at: datetime) -> Facts:
    """Read what is known of an account at `at`; raises nothing for what is absent."""
    entries, kinds = _events(account, at)
    fresh = SignalSnapshot.objects.filter(account=account)
    return Facts(
        account=account,
        at=at,
        version=version_of(account, at=at),
        connections=connections_of(account, at=at),
        accounts_total=accounts_total(),
        methods=tuple(_newest(account.payment_methods, "fingerprint", at)),
        keys=tuple(_newest(account.api_keys, "key_id", at)),
        payments=_payments(entries),
        verified=kinds["verified"],
        logins=entries["logins"],
        networks=entries["networks"],
        ip_classes=kinds["classes"],
        outcomes=tuple(
            Outcome.objects.filter(account=account, known_at__lte=at).order_by(
                "-known_at"
            )[:5]
        ),
        membership=strongest_membership(account, at=at),
        fresh=dict(fresh.values_list("group", "as_of")),
    )


def version_of(account: Account, *, at: datetime) -> AccountVersion | None:
    """Return the version of an account in force at `at`."""
    rows = account.versions.filter(valid_from__lte=at, recorded_at__lte=at)
    return rows.order_by("-valid_from", "-pk").first()


def connections_of(account: Account, *, at: datetime) -> tuple[Connection, ...]:
    """Return the account's values, the most shared first, counted up to COUNTED."""
    with connection.cursor() as cursor:
        cursor.execute(_CONNECTIONS_SQL, {"account": account.pk, "at": at})
        return tuple(Connection(*row) for row in cursor.fetchall())


def connections_in_use(facts: Facts) -> tuple[Connection, ...]:
    """Return what else the account shares, in use, with suspicious others.

    A ring pass chose these by how their holders behave in a model's eyes: they are
    shown when the model's view is open, and not before.
    """
    account, at = facts.account, facts.at
    found = association_of(account_id=account.account_id, as_of=at, known_at=at)
    known = {(one.kind, one.value) for one in facts.connections}
    return tuple(
        Connection(one["kind"], one["value"], None, one["others"])
        for one in (found.values if found else ())
        if (one["kind"], one["value"]) not in known
    )


def accounts_total() -> int:
    """Estimate the number of accounts from the planner's statistics, at least one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT greatest(reltuples, 1)::bigint FROM pg_class"
            " WHERE oid = 'customers_account'::regclass"
        )
        return int(cursor.fetchone()[0])


def strongest_membership(account: Account, *, at: datetime) -> Membership | None:
    """Return the account's strongest ring of the newest pass that has it."""
    rows = Membership.objects.filter(account=account, ring__run__as_of__lte=at)
    rows = rows.select_related("ring__run")
    return rows.order_by("-ring__run__as_of", "-ring__probability").first()


def _newest(manager: Any, key: str, at: datetime) -> list[Any]:
    """Return the newest version of each key or card known at `at`, newest first."""
    rows = manager.filter(recorded_at__lte=at).order_by(key, "-recorded_at", "-pk")
    return sorted(rows.distinct(key), key=lambda row: row.recorded_at, reverse=True)


def _events(
    account: Account, at: datetime
) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    known = Event.objects.known_at(at).filter(account=account)
    paid = Q(type="payment.succeeded")
    sums = known.aggregate(
        succeeded=Count("pk", filter=paid),
        failed=Count("pk", filter=Q(type="payment.failed")),
        disputed=Count("pk", filter=Q(type="payment.disputed")),
        refunded=Count("pk", filter=Q(type="payment.refunded")),
        amount_minor=Sum("amount_minor", filter=paid),
        first_at=Min("occurred_at", filter=paid),
        logins=Count("pk", filter=Q(type="login")),
        networks=Count("net", filter=Q(type="login"), distinct=True),
    )
    passed = known.filter(type="verification.completed", result="passed")
    verified = passed.order_by("method").values_list("method", flat=True).distinct()
    classes = known.exclude(ip_class=None).values("ip_class")
    counted = classes.annotate(times=Count("pk"), last=Max("occurred_at"))
    return sums, {
        "verified": tuple((method or "check").replace("_", " ") for method in verified),
        "classes": tuple(row["ip_class"] for row in counted.order_by("-times")),
    }


def _payments(sums: dict[str, Any]) -> PaymentHistory:
    names = PaymentHistory.__dataclass_fields__
    return PaymentHistory(**{name: sums[name] for name in names})


def _over(moment: datetime | None, at: datetime) -> bool:
    return moment is not None and moment <= at
