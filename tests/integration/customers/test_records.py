from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Entry
from apps.audit.subjects import compare
from apps.customers import selectors
from apps.customers import services as customers
from apps.customers.models import (
    Account,
    AccountValue,
    AccountVersion,
    VaultKey,
    VaultValue,
)
from apps.customers.services import hashing
from ml.schema import TABLES
from tests.integration.customers.rows import FULL, NOW, T0, account, put_children


@pytest.mark.django_db
def test_bundle_row_becomes_facts_values_and_sealed_values() -> None:
    report = customers.put_accounts(
        rows=[account(**FULL)], source="bundle", at=NOW, history="unknown"
    )
    assert (report.accepted, report.duplicates) == (1, 0)
    version = AccountVersion.objects.get()
    assert version.valid_from == version.recorded_at == T0
    assert (version.history, version.email_class) == ("unknown", "unknown")
    assert version.email_pattern == "L4.L3D1@unknown"
    assert version.phone_country == "DE"
    assert version.org_domain_matches is True
    assert version.payer_matches is True
    assert version.registration_given is False
    kinds = set(AccountValue.objects.values_list("kind", flat=True))
    assert kinds == {
        "card", "bin_day", "device", "ja4", "ip", "net", "email", "email_pattern",
        "phone", "phone_block", "address", "payer",
    }  # fmt: skip
    sealed = set(VaultValue.objects.values_list("field", flat=True))
    assert sealed == {
        "email", "phone", "name", "org_name", "org_domain", "signup_ip",
        "payer_name", "address_line", "postal_code",
    }  # fmt: skip
    assert VaultKey.objects.count() == 1


@pytest.mark.django_db
def test_no_personal_value_outside_the_vault() -> None:
    customers.put_accounts(rows=[account(**FULL)], source="bundle", at=NOW)
    tables = ["account", "accountversion", "accountvalue", "vaultvalue", "vaultkey"]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT t::text FROM customers_{table} t")
            text = str(cursor.fetchall()).lower()
            for value in ("jane", "doe", "192.0.2.9", "15112345678", "1 street"):
                assert value not in text
                assert value.encode().hex() not in text
        cursor.execute("SELECT convert_from(body, 'UTF8') FROM audit.entry")
        assert "jane" not in str(cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize("size", [5, 120])
def test_same_rows_again_change_nothing(size: int) -> None:
    rows = [account(f"a{n}", **FULL) for n in range(size)]
    customers.put_accounts(rows=rows, source="bundle", at=NOW)
    counts = [m.objects.count() for m in (AccountVersion, AccountValue, VaultValue)]
    entries = Entry.objects.count()
    later = NOW + timedelta(days=1)
    again = customers.put_accounts(rows=rows, source="bundle", at=later)
    assert (again.accepted, again.duplicates) == (0, size)
    assert counts == [
        m.objects.count() for m in (AccountVersion, AccountValue, VaultValue)
    ]
    assert Entry.objects.count() == entries


@pytest.mark.django_db
def test_versions_count_from_their_start() -> None:
    rows = [
        account(plan="free", valid_from=T0),
        account(plan="pro", valid_from=T0 + timedelta(days=3)),
    ]
    customers.put_accounts(rows=rows, source="bundle", at=NOW)

    def plan(days: float) -> list[str | None]:
        table = selectors.accounts_table(T0 + timedelta(days=days))
        return table.column("plan").to_pylist()

    assert plan(-1) == []
    assert plan(1) == ["free"]
    assert plan(3) == ["pro"]
    one = Account.objects.get()
    found = selectors.version_in_force(one, T0 + timedelta(days=2))
    assert found is not None
    assert found.plan == "free"


@pytest.mark.django_db
def test_api_version_is_known_from_receipt_and_can_return() -> None:
    def put(plan: str, hour: int) -> int:
        return customers.put_accounts(
            rows=[account(plan=plan)], source="api", at=NOW + timedelta(hours=hour)
        ).accepted

    assert [put("free", 0), put("free", 1), put("pro", 2), put("free", 3)] == [
        1, 0, 1, 1
    ]  # fmt: skip
    assert selectors.accounts_table(NOW - timedelta(hours=1)).num_rows == 0
    plans = [
        selectors.accounts_table(NOW + timedelta(hours=h)).column("plan")[0].as_py()
        for h in (0, 1, 2, 3)
    ]
    assert plans == ["free", "free", "pro", "free"]
    assert Entry.objects.filter(kind="customers.account.recorded").count() == 3


@pytest.mark.django_db
def test_canonical_tables_have_the_schema() -> None:
    customers.put_accounts(rows=[account(**FULL)], source="bundle", at=NOW)
    put_children()
    for name, table in (
        ("accounts", selectors.accounts_table(NOW)),
        ("account_values", selectors.values_table(NOW)),
        ("api_keys", selectors.api_keys_table(NOW)),
        ("payment_methods", selectors.payment_methods_table(NOW)),
        ("accounts", selectors.accounts_table(T0 - timedelta(days=1))),
    ):
        assert table.column_names == [column.name for column in TABLES[name]]
        expected = [selectors._ARROW[column.type] for column in TABLES[name]]
        assert table.schema.types == expected
    row = selectors.accounts_table(NOW, ["a1"]).to_pylist()[0]
    assert row["created_at"] == T0
    assert (row["email_verified"], row["contract"]) == (True, False)
    assert row["phone_verified"] is None
    assert row["signup_form_ms"] is None
    assert selectors.accounts_table(NOW, ["other"]).num_rows == 0


@pytest.mark.django_db
def test_keys_and_methods_as_known() -> None:
    customers.put_accounts(rows=[account(**FULL)], source="bundle", at=NOW)
    put_children()
    early, late = T0 + timedelta(days=1), T0 + timedelta(days=6)
    revoked = [selectors.api_keys_table(t).to_pylist() for t in (early, late)]
    assert [row["revoked_at"] for row in revoked[0]] == [None, None]
    assert revoked[1][1]["revoked_at"] == T0 + timedelta(days=5)
    cards = selectors.payment_methods_table(late).to_pylist()
    assert len(cards) == 2
    assert {row["fingerprint"] for row in cards} == set(
        hashing.keyed("card", ["fp-1", "fp-2"])
    )
    first = selectors.payment_methods_table(T0).to_pylist()
    assert [row["bin"] for row in first] == ["400000"]


@pytest.mark.django_db
def test_first_sight_does_not_depend_on_the_order_of_arrival() -> None:
    customers.put_accounts(rows=[account()], source="bundle", at=NOW)
    seen = [T0 + timedelta(days=n) for n in (5, 2, 9, 2)]
    for moment in seen:
        customers.put_values(rows=[("a1", "device", "v", moment, moment)])
    customers.put_values(rows=[("nobody", "device", "v", T0, T0)])
    moments = AccountValue.objects.filter(kind="device").values_list("seen_at")
    assert min(moments) == (T0 + timedelta(days=2),)
    assert len(moments) == 2


@pytest.mark.django_db
def test_one_by_one_and_in_bulk_store_the_same() -> None:
    """The two ways of sending rows differ in nothing that is stored."""
    rows = [account(f"a{n}", **FULL, signup_form_ms=n) for n in range(60)]
    customers.put_accounts(rows=rows, source="bundle", at=NOW)
    single = [account(f"b{n}", **FULL, signup_form_ms=n) for n in range(60)]
    for row in single:
        customers.put_accounts(rows=[row], source="bundle", at=NOW)
    table = selectors.accounts_table(NOW).drop(["account_id"]).to_pylist()
    assert table[:60] == table[60:]
    values = selectors.values_table(NOW).to_pylist()
    bulk, alone = (
        sorted(
            (row["account_id"][1:], row["kind"], row["value"], row["seen_at"])
            for row in values
            if row["account_id"].startswith(letter)
        )
        for letter in "ab"
    )
    assert bulk == alone
    assert VaultValue.objects.count() == 2 * 60 * 9


@pytest.mark.django_db
def test_signup_takes_three_round_trips() -> None:
    put = customers.put_account
    put(row=account("warm"), at=NOW)
    with CaptureQueriesContext(connection) as queries:
        made = put(row=account(**FULL), at=NOW)
    assert len(queries) <= 3
    assert made == Account.objects.get(account_id="a1")
    assert made.subject == Account.objects.get(account_id="a1").subject
    assert put(row=account(**FULL), at=NOW).pk == made.pk


@pytest.mark.django_db
def test_log_and_rows_agree() -> None:
    customers.put_accounts(rows=[account(**FULL)], source="bundle", at=NOW)
    customers.put_account(row=account("a2", **FULL), at=NOW)
    customers.put_customers(
        rows=[{"customer_id": "c1", "legal_name": "Acme", "verified_level": 2}],
        source="bundle",
        at=NOW,
    )
    put_children()
    for name, subject in (
        ("account_version", selectors.audited_account_versions),
        ("customer_version", selectors.audited_customer_versions),
        ("api_key", selectors.audited_api_keys),
        ("payment_method", selectors.audited_payment_methods),
    ):
        count, problems = compare(name, subject())
        assert count > 0
        assert problems == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        "UPDATE customers_account SET created_at = now()",
        "DELETE FROM customers_accountvalue",
        "TRUNCATE customers_accountversion CASCADE",
    ],
)
def test_facts_cannot_be_edited(query: str) -> None:
    customers.put_accounts(rows=[account(**FULL)], source="bundle", at=NOW)
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(query)


def test_unrecorded_version_fails_at_commit(fresh_database) -> None:
    customers.put_accounts(rows=[account()], source="bundle", at=NOW)
    one = Account.objects.get()
    with pytest.raises(DatabaseError, match="not recorded"), transaction.atomic():
        AccountVersion.objects.create(
            account=one, valid_from=T0, recorded_at=T0, ingested_at=T0, digest=b"x"
        )
    assert AccountVersion.objects.count() == 1
