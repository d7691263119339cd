import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.customers.services import hashing
from apps.reference.services.phones import phone_countries


def test_kind_separates_equal_values() -> None:
    card, device = hashing.key_of("card", "x"), hashing.key_of("device", "x")
    assert card != device
    assert card is not None
    assert len(card) == 24
    assert hashing.keyed("card", ["x", None, "x"]) == [card, None, card]


def test_hash_depends_on_the_key(settings) -> None:
    before = hashing.key_of("card", "x")
    settings.KYCRISK_PSEUDONYM_KEY = b"k" * 32
    assert hashing.key_of("card", "x") != before


@settings(deadline=None)
@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_spelling_of_an_address_does_not_matter(address) -> None:
    spellings = [str(address), address.exploded]
    if address.version == 6:
        spellings.append(address.exploded.upper())
    ips, nets = hashing.address_keys(spellings)
    assert len(set(ips)) == 1
    prefix = 24 if address.version == 4 else 48
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is None:
        network = ipaddress.ip_network(f"{address}/{prefix}", strict=False)
        assert hashing.address_keys([str(network[1])])[1] == [nets[0]]


def test_mapped_address_is_its_ipv4() -> None:
    ips, nets = hashing.address_keys(["::ffff:192.0.2.9", "192.0.2.9", "192.0.2.1"])
    assert ips[0] == ips[1] != ips[2]
    assert nets == [nets[0]] * 3


def test_no_address_has_no_key() -> None:
    assert hashing.address_keys([None, "", "nope", "1.2.3", "fe80::1%eth0"]) == (
        [None] * 5,
        [None] * 5,
    )


@pytest.mark.parametrize(
    ("email", "mailbox"),
    [
        ("J.Doe+x@Gmail.com", "jdoe@gmail.com"),
        ("j.doe@googlemail.com", "jdoe@gmail.com"),
        ("j.doe+a@own.example", "j.doe@own.example"),
        ("j-news@yahoo.com", "j@yahoo.com"),
        ("j-d@own.example", "j-d@own.example"),
        ("+x@own.example", "+x@own.example"),
    ],
)
def test_mailbox(email: str, mailbox: str) -> None:
    assert hashing.mailbox(email) == mailbox


@settings(deadline=None)
@given(st.emails())
def test_mailbox_is_stable(email: str) -> None:
    once = hashing.mailbox(email)
    assert hashing.mailbox(once) == once


@pytest.mark.parametrize(
    ("email", "pattern"),
    [
        ("maria.lopez07@gmail.com", "L5.L5D2@free"),
        ("мария_1@x.example", "L5_D1@free"),
        ("12345@x.example", "D5@free"),
    ],
)
def test_email_pattern_keeps_the_shape_alone(email: str, pattern: str) -> None:
    assert hashing.email_pattern(email, "free") == pattern


@settings(deadline=None)
@given(st.emails(), st.sampled_from(["free", "corporate", "disposable"]))
def test_email_pattern_fits_its_column(email: str, name: str) -> None:
    assert len(hashing.email_pattern(email, name)) <= 64


def test_postal_address_has_one_form() -> None:
    one = hashing.address_form("12, Rue de l'Été", "75001", "PARIS", "FR")
    other = hashing.address_form("12 rue de l ete", "75001", "Paris", "FR")
    assert one == other
    assert hashing.address_form(None, "75001", "Paris", "FR") is None


def test_payer_form_ignores_order_and_case() -> None:
    assert hashing.payer_form("DOE, Jane") == hashing.payer_form("jane doe")


def test_phone_block_is_ten_thousand_numbers() -> None:
    assert hashing.phone_block("+4915112345678") == "+491511234"


def test_phone_countries() -> None:
    assert phone_countries(
        ["+4915112345678", "+12025550100", "+14165550100", "+77011234567", "+999", None]
    ) == ["DE", "US", "CA", "KZ", None, None]


@pytest.mark.parametrize(
    ("number", "others", "country"),
    [
        ("+12025550100", ["CA"], "CA"),  # a Washington number in Toronto
        ("+14165550100", ["US", "CA"], "US"),  # the most telling first
        ("+12025550100", [None, "FR", "CA"], "CA"),
        ("+12025550100", ["FR", None], "US"),
        ("+79161234567", ["KZ"], "KZ"),
        ("+77011234567", ["RU"], "RU"),
        ("+447700900123", ["JE"], "JE"),
        ("+4915112345678", ["CA"], "DE"),
        ("+999", [None, "ZZ"], None),
    ],
)
def test_a_code_that_countries_share_names_the_one_that_is_known(
    number, others, country
):
    assert phone_countries([number], [others]) == [country]
