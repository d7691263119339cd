"""A name on a list: a case for people, never a number of the model."""

from datetime import timedelta

import pytest

from apps.audit.models import Entry
from apps.customers.models import AccountVersion, VaultValue
from apps.customers.services import put_accounts, put_customers
from apps.reference import services as reference
from apps.reference.services import store
from apps.review import services
from apps.review.choices import Lane, State
from apps.review.models import Case, SanctionsHit, ScreenedName
from apps.scoring.models import Score
from ml.features import FEATURES
from ml.schema import TABLES
from tests.integration.review.desk import ACTOR, Desk

pytestmark = pytest.mark.django_db
LISTED = "VASILY KUZNETSOVSKY"
TAIL = ",-0- " * 8 + "\r\n"
SDN = f'36,"KUZNETSOVSKY, Vasily","individual","X"{TAIL}37,"BELL AIR",-0- ,"X"{TAIL}'


@pytest.fixture(autouse=True)
def lists(settings, tmp_path):
    settings.KYCRISK_REFERENCE = tmp_path / "store"
    store._cache.store = None
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "sdn.csv").write_text(SDN)
    yield folder
    store._cache.store = None


def load(desk: Desk, folder) -> None:
    reference.refresh_reference(folder=folder, at=desk.at, force=True)


def test_without_lists_nothing_is_compared(desk: Desk) -> None:
    desk.account(name=LISTED)
    report = services.screen_names(at=desk.at)
    assert report.list_version is None
    assert not ScreenedName.objects.exists()


def test_a_hit_opens_a_case_of_its_own_lane(desk: Desk, lists) -> None:
    account = desk.account(name="Wassily Kuznetsovsky", org_name="Garden Ltd")
    desk.account(name="Somebody Else")
    load(desk, lists)
    report = services.screen_names(at=desk.at)
    assert (report.names, report.hits, report.cases) == (3, 1, 1)
    case = Case.objects.get(lane=Lane.SANCTIONS)
    assert (case.account, case.decision, case.state) == (account, None, State.OPEN)
    hit = SanctionsHit.objects.get()
    assert (hit.entry_id, hit.field, hit.case) == ("OFAC-SDN:36", "name", case)
    assert hit.score >= reference.THRESHOLD
    assert not Score.objects.exists()


def test_the_name_stays_in_the_vault(desk: Desk, lists) -> None:
    desk.account(name=LISTED)
    load(desk, lists)
    services.screen_names(at=desk.at)
    kinds = ("review.sanctions.hit", "review.names.screened", "review.case.opened")
    entries = Entry.objects.filter(kind__in=kinds)
    assert entries.count() == 3
    row = SanctionsHit.objects.values().get()
    told = f"{row} {Case.objects.values().get()} {list(entries.values())}".upper()
    assert "VASILY" not in told
    assert "KUZNETSOVSKY" not in told


def test_a_name_is_compared_once_for_each_version_of_the_lists(desk, lists) -> None:
    desk.account(name=LISTED)
    load(desk, lists)
    assert services.screen_names(at=desk.at).hits == 1
    assert services.screen_names(at=desk.at).names == 0
    (lists / "sdn.csv").write_text(SDN + f'38,"VASILI KUZNETSOVSKY",-0- ,"X"{TAIL}')
    load(desk, lists)
    again = services.screen_names(at=desk.at)
    assert (again.names, again.hits, again.cases) == (1, 1, 0)
    assert SanctionsHit.objects.count() == 2


def test_a_closed_case_is_not_opened_again_for_the_same_hit(desk: Desk, lists) -> None:
    account = desk.account(name=LISTED)
    load(desk, lists)
    services.screen_names(at=desk.at)
    reviewer = desk.person()
    case = Case.objects.get(lane=Lane.SANCTIONS)
    lease = services.take_case(case_id=case.id, user=reviewer, at=desk.at)
    services.record_impression(
        case_id=case.id,
        token=lease.token,
        user=reviewer,
        leaning="legitimate",
        confidence="high",
        at=desk.at,
    )
    services.decide(
        case_id=case.id,
        token=lease.token,
        user=reviewer,
        made=services.Conclusion(answer="allow", reasons=["EXO-81"]),
        at=desk.at,
    )
    put_accounts(
        rows=[
            {
                "account_id": account.account_id,
                "created_at": account.created_at,
                "plan": "pro",
                "name": LISTED,
            }
        ],
        source="api",
        at=desk.at + timedelta(hours=1),
    )
    report = services.screen_names(at=desk.at + timedelta(hours=2))
    assert report.cases == 0
    assert Case.objects.filter(lane=Lane.SANCTIONS).count() == 1


def test_a_case_about_abuse_stands_beside_it(desk: Desk, lists) -> None:
    account = desk.account(name=LISTED)
    load(desk, lists)
    services.screen_names(at=desk.at)
    case = desk.case(account)
    assert case.lane != Lane.SANCTIONS
    again = desk.case(account)
    assert again.id == case.id
    assert Case.objects.filter(account=account).count() == 2


def test_a_customers_name_reaches_its_accounts(desk: Desk, lists) -> None:
    rows = [{"customer_id": "cust-1", "legal_name": "Bell-Air", "kind": "organization"}]
    put_customers(rows=rows, source="bundle", at=desk.at)
    load(desk, lists)
    assert services.screen_names(at=desk.at).names == 0
    account = desk.account(customer_id="cust-1")
    report = services.screen_names(at=desk.at)
    assert (report.hits, report.cases) == (1, 1)
    assert Case.objects.get(lane=Lane.SANCTIONS).account == account


def test_an_erased_name_is_passed_over(desk: Desk, lists) -> None:
    from apps.customers.services import vault

    account = desk.account(name=LISTED)
    load(desk, lists)
    kept = list(VaultValue.objects.filter(subject=account.subject))
    vault.erase(subject=account.subject, basis="request", actor=ACTOR, at=desk.at)
    assert vault.opened_many(kept) == [None] * len(kept)
    assert services.screen_names(at=desk.at).hits == 0


def test_a_reviewer_sees_the_listed_names(desk: Desk, lists, client) -> None:
    desk.account(name=LISTED)
    load(desk, lists)
    services.screen_names(at=desk.at)
    client.force_login(desk.person("auditor"))
    case = Case.objects.get(lane=Lane.SANCTIONS)
    page = client.get(f"/cases/{case.id}").content.decode()
    assert "OFAC-SDN:36" in page
    assert "KUZNETSOVSKY, Vasily" in page
    assert "Sanctions" in client.get("/queue?lane=sanctions").content.decode()


def test_the_model_knows_nothing_of_it() -> None:
    columns = {field.name for field in AccountVersion._meta.get_fields()}
    words = [*columns, *(feature.name for feature in FEATURES)]
    words += [str(column) for table in TABLES.values() for column in table]
    assert words
    assert not [word for word in words if "sanction" in word or "watchlist" in word]
