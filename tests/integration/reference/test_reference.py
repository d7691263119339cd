from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.db import DatabaseError, connection, transaction

from apps.audit.models import Entry
from apps.reference import services as reference
from apps.reference.errors import (
    ReferenceFileError,
    ReferenceShrankError,
    RefreshRunningError,
)
from apps.reference.models import ActiveReference, ReferenceSet
from apps.reference.services import store

NOW = datetime(2026, 6, 1, tzinfo=UTC)
IP_RANGES = """start,end,asn,as_name,country,class
192.0.2.0,192.0.2.255,64500,Example Cloud,US,hosting
198.51.100.0,198.51.100.127,64501,Example Fiber,DE,residential
198.51.100.128,198.51.100.255,64502,University of Example,DE,unknown
203.0.113.0,203.0.113.255,64503,Example Net,NA,unknown
2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,64501,Example Fiber,DE,residential
"""
DOMAINS = "domain,class\nfree.example,free\nthrow.example,disposable\n"
BINS = "bin,country,funding\n400000,DE,prepaid\n40000012,FR,virtual\n"


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path: Path):
    settings.KYCRISK_REFERENCE = tmp_path / "store"
    store._cache.store = None
    yield
    store._cache.store = None


@pytest.fixture
def world(tmp_path: Path) -> Path:
    folder = tmp_path / "world"
    folder.mkdir()
    (folder / "ip_ranges.csv").write_text(IP_RANGES)
    (folder / "email_domains.csv").write_text(DOMAINS)
    (folder / "bins.csv").write_text(BINS)
    return folder


@pytest.mark.django_db
def test_nothing_loaded_is_unknown_and_named() -> None:
    facts = reference.lookup_ips(["192.0.2.1", None, "no address"])
    assert facts.ip_class.tolist() == ["unknown"] * 3
    assert facts.asn.tolist() == [-1] * 3
    assert facts.country.tolist() == [None] * 3
    assert reference.lookup_email_domains(["mailinator.com", "x.example", None]) == [
        "disposable",
        "unknown",
        "unknown",
    ]
    assert reference.lookup_bins(["400000", None]) == [(None, None)] * 2
    assert reference.missing() == [
        "ip_asn",
        "ip_country",
        "ip_class",
        "email_domains",
        "bins",
    ]
    assert reference.versions() == {}


@pytest.mark.django_db
def test_world_tables_answer(world: Path) -> None:
    report = reference.refresh_reference(folder=world, at=NOW)
    assert report.missing == []
    assert report.rows["ip_asn"] == 5
    facts = reference.lookup_ips(
        [
            "192.0.2.7",
            "198.51.100.127",
            "198.51.100.128",
            "203.0.113.9",
            "2001:db8::1",
            "::ffff:192.0.2.7",
            "10.0.0.1",
            None,
        ]
    )
    assert facts.ip_class.tolist() == [
        "hosting",
        "residential",
        "education",
        "isp",
        "residential",
        "hosting",
        "unknown",
        "unknown",
    ]
    assert facts.asn.tolist() == [
        64500, 64501, 64502, 64503, 64501, 64500, -1, -1
    ]  # fmt: skip
    assert facts.country.tolist()[:5] == ["US", "DE", "DE", "NA", "DE"]
    assert reference.lookup_email_domains(
        ["free.example", "a.throw.example", "own.example", "cs.uni.edu"]
    ) == ["free", "disposable", "corporate", "education"]
    assert reference.lookup_bins(["40000099", "40000012", "510000"]) == [
        ("DE", "prepaid"),
        ("FR", "virtual"),
        (None, None),
    ]


@pytest.mark.django_db
def test_refresh_is_idempotent_and_recorded(world: Path) -> None:
    first = reference.refresh_reference(folder=world, at=NOW)
    again = reference.refresh_reference(folder=world, at=NOW + timedelta(days=1))
    assert (first.changed, again.changed) == (True, False)
    assert again.versions == first.versions
    assert ReferenceSet.objects.count() == 5
    kinds = list(Entry.objects.order_by("id").values_list("kind", flat=True))
    assert kinds.count("reference.set.loaded") == 5
    assert kinds.count("reference.active.changed") == 1


@pytest.mark.django_db
def test_added_layer_wins_and_the_older_fills_in(world: Path, tmp_path: Path) -> None:
    reference.refresh_reference(folder=world, at=NOW)
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "x4b_torexit_ipv4.txt").write_text("192.0.2.7/32\n")
    before = reference.versions()["ip_class"]
    reference.refresh_reference(folder=lists, at=NOW, add=True)
    facts = reference.lookup_ips(["192.0.2.7", "192.0.2.8"])
    assert facts.ip_class.tolist() == ["tor", "hosting"]
    assert reference.versions()["ip_class"].endswith(f"+{before}")
    reference.refresh_reference(folder=lists, at=NOW, force=True)
    assert reference.lookup_ips(["192.0.2.8"]).ip_class.tolist() == ["isp"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bins.csv", "bin,land\n1,DE\n"),
        ("bins.csv", "bin,country,funding\n400000,DE\n"),
        ("bins.csv", ""),
        ("email_domains.csv", "domain,class\na.example,royal\n"),
        ("ip_ranges.csv", IP_RANGES.replace("192.0.2.0,", "192.0.3.0,")),
        ("ip_ranges.csv", IP_RANGES.replace(",DE,", ",GER,")),
        ("x4b_vpn_ipv4.txt", "not a network\n"),
        ("asn_ipv4_ranges.parquet", "not parquet"),
    ],
)
def test_bad_file_changes_nothing(world: Path, name: str, text: str) -> None:
    reference.refresh_reference(folder=world, at=NOW)
    before = reference.versions()
    (world / name).write_text(text)
    with pytest.raises(ReferenceFileError, match=name):
        reference.refresh_reference(folder=world, at=NOW)
    assert reference.versions() == before


@pytest.mark.django_db
def test_shrunk_list_is_refused_unless_forced(world: Path) -> None:
    many = "".join(f"d{n}.example,free\n" for n in range(2000))
    (world / "email_domains.csv").write_text(f"domain,class\n{many}")
    reference.refresh_reference(folder=world, at=NOW)
    (world / "email_domains.csv").write_text(DOMAINS)
    with pytest.raises(ReferenceShrankError):
        reference.refresh_reference(folder=world, at=NOW)
    assert reference.lookup_email_domains(["d1.example"]) == ["free"]
    reference.refresh_reference(folder=world, at=NOW, force=True)
    assert reference.lookup_email_domains(["d1.example"]) == ["corporate"]


@pytest.mark.django_db
def test_altered_file_is_not_loaded(world: Path) -> None:
    reference.refresh_reference(folder=world, at=NOW)
    one = ReferenceSet.objects.get(kind="bins")
    store.file_of("bins", one.sha256).write_bytes(b"other")
    store._cache.store = None
    assert reference.missing() == ["bins"]


@pytest.mark.django_db
def test_sets_cannot_be_edited(world: Path) -> None:
    reference.refresh_reference(folder=world, at=NOW)
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE reference_referenceset SET rows = 1")


def test_second_refresh_is_refused(fresh_database, world: Path) -> None:
    import psycopg

    with psycopg.connect(fresh_database.url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [0x4B594301])
        with pytest.raises(RefreshRunningError):
            reference.refresh_reference(folder=world, at=NOW)
    assert reference.refresh_reference(folder=world, at=NOW).changed


def test_unrecorded_flip_fails_at_commit(fresh_database, world: Path) -> None:
    reference.refresh_reference(folder=world, at=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        ActiveReference.objects.update(sets={}, revision=99)
    assert ActiveReference.objects.get().revision == 1


@pytest.mark.django_db
def test_stale_kinds_are_named(world: Path) -> None:
    reference.refresh_reference(folder=world, at=NOW)
    assert reference.stale_kinds(at=NOW + timedelta(days=1)) == []
    assert reference.stale_kinds(at=NOW + timedelta(days=8)) == ["ip_class"]


LISTS = ("ip_intel/asn_ipv4_ranges.parquet", "ip_intel/asn_names.csv.gz")


@pytest.mark.django_db
@pytest.mark.slow
def test_real_lists_answer(shared_data: Path, tmp_path: Path) -> None:
    """Known owners of known addresses, from the published lists."""
    lists = tmp_path / "lists"
    lists.mkdir()
    chosen = [shared_data / name for name in LISTS]
    for pattern in ("ip_intel/x4b_*", "ip_intel/ipranges_*", "email/*", "payments/*"):
        chosen += shared_data.glob(pattern)
    for path in chosen:
        (lists / path.name).symlink_to(path)
    report = reference.refresh_reference(folder=lists, at=NOW)
    assert report.missing == ["ip_country"]
    facts = reference.lookup_ips(["8.8.8.8", "104.28.28.1", "185.220.101.1"])
    assert facts.asn[0] == 15169
    assert facts.ip_class.tolist() == ["hosting", "relay", "tor"]
    assert reference.lookup_email_domains(
        ["gmail.com", "duck.com", "0-mail.com", "ox.ac.uk"]
    ) == ["free", "alias", "disposable", "education"]
    assert reference.lookup_bins(["100001"]) == [("IN", "debit")]
    rng = np.random.default_rng(1)
    sample = rng.integers(0, 2**32, 20_000)
    texts = [".".join(map(str, int(n).to_bytes(4, "big"))) for n in sample]
    classes = set(reference.lookup_ips(texts).ip_class.tolist())
    assert {"hosting", "isp", "unknown", "education"} <= classes
    assert "residential" not in classes


@pytest.mark.django_db
def test_daily_refresh_says_what_it_did(world: Path, settings) -> None:
    settings.KYCRISK_REFERENCE_SOURCE = None
    assert reference.refresh_configured(at=NOW)["refreshed"] is False
    settings.KYCRISK_REFERENCE_SOURCE = str(world)
    assert reference.refresh_configured(at=NOW)["refreshed"] is True
    assert reference.refresh_configured(at=NOW)["refreshed"] is False
    assert len(ActiveReference.objects.get().sets["ip_asn"]) == 1
