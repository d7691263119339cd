"""Features of the sign-up: identity, payment method, network and client.

Each is a small pure function over `EntryFacts` and returns one number an account.
"""

from datetime import UTC
from typing import Final

import numpy as np

from ml.features.entry import (
    EntryFacts,
    Labels,
    Numbers,
    is_known,
    is_one_of,
    permits_in_force,
)
from ml.features.feature import Feature

# Networks whose place is that of a server or an exit, not of a person.
_PLACELESS: Final = ("hosting", "vpn", "tor", "relay")
_DAY_MICROSECONDS: Final = 86_400_000_000
# A form takes a person seconds; beyond two minutes nothing more is learned.
_LONGEST_FORM_SECONDS: Final = 120.0


def account_age_days(facts: EntryFacts) -> Numbers:
    """Days since the account was opened."""
    now = np.datetime64(facts.as_of.astimezone(UTC).replace(tzinfo=None), "us")
    age = (now - facts.columns["created_at"]).astype(np.int64)
    return age / _DAY_MICROSECONDS


def is_disposable_email(facts: EntryFacts) -> Numbers:
    """Whether the mail domain is one that hands out throw-away addresses."""
    return is_one_of(facts.labels("email_class"), ("disposable",))


def country_disagreement_count(facts: EntryFacts) -> Numbers:
    """How many different countries the stated facts name, less one; at most 2.

    Only whether they differ counts, never which they are. The sign-up address is left
    out where it belongs to a server or an exit.
    """
    placeless = np.isin(facts.labels("signup_ip_class"), _PLACELESS)
    address = facts.labels("signup_ip_country").copy()
    address[placeless] = None
    columns = [
        facts.labels("declared_country"),
        facts.labels("phone_country"),
        facts.labels("payment_country"),
        address,
    ]
    known = sum((is_known(column).astype(np.float64) for column in columns), 0.0)
    distinct = sum((_is_new(columns, at) for at in range(len(columns))), 0.0)
    return np.where(known >= 2, np.minimum(distinct - 1, 2.0), np.nan)  # noqa: PLR2004 - one alone differs from nothing


def verified_step_count(facts: EntryFacts) -> Numbers:
    """How many of mail, phone, organization domain and registration were confirmed."""
    names = ("email_verified", "phone_verified", "org_domain_matches")
    steps = np.stack([facts.flags(name) for name in (*names, "registration_given")])
    return np.where(np.isnan(steps).all(axis=0), np.nan, np.nansum(steps, axis=0))


def is_confirmed_organization(facts: EntryFacts) -> Numbers:
    """Whether the mail domain is the organization's, or a registration was given."""
    domain, registered = (
        facts.flags(name) for name in ("org_domain_matches", "registration_given")
    )
    return np.fmax(domain, registered)


def is_under_contract(facts: EntryFacts) -> Numbers:
    """Whether a signed contract stands behind the account."""
    return facts.flags("contract")


def is_permitted_use(facts: EntryFacts) -> Numbers:
    """Whether a registered permission is in force; no permission is simply 0."""
    permits = permits_in_force(facts.labels("permitted_scope"), facts.as_of)
    return np.array([permit is not None for permit in permits], dtype=np.float64)


def signup_form_seconds(facts: EntryFacts) -> Numbers:
    """Seconds spent on the sign-up form, at most two minutes."""
    spent = facts.columns["signup_form_ms"].astype(np.float64) / 1000
    return np.minimum(spent, _LONGEST_FORM_SECONDS)


def is_hosting_signup(facts: EntryFacts) -> Numbers:
    """Whether the account was opened from a data center."""
    return is_one_of(facts.labels("signup_ip_class"), ("hosting",), missing="unknown")


def is_prepaid_payment(facts: EntryFacts) -> Numbers:
    """Whether the payment method is prepaid or virtual."""
    funding = facts.labels("payment_funding")
    return is_one_of(funding, ("prepaid", "virtual"), missing="unknown")


def is_payer_mismatch(facts: EntryFacts) -> Numbers:
    """Whether the payer's name is clearly not the account holder's."""
    return 1.0 - facts.flags("payer_matches")


def _is_new(columns: list[Labels], at: int) -> Numbers:
    """Return 1 where the column at `at` is known and equals no earlier one [n]."""
    new = is_known(columns[at])
    for earlier in columns[:at]:
        new = new & (columns[at] != earlier)
    return new.astype(np.float64)


FEATURES: Final = (
    Feature(
        name="account_age_days",
        family="IDN",
        code="IDN-01",
        group="entry",
        unit="days",
        window="all",
        direction=-1,
        label="Account age",
        analyst_text="The account was opened {value} days ago.",
        misleads="Every honest customer is new once; aged accounts are for sale.",
        missing="never missing",
        value=account_age_days,
    ),
    Feature(
        name="is_disposable_email",
        family="IDN",
        code="IDN-02",
        group="entry",
        unit="flag",
        window="sign-up",
        direction=1,
        label="Throw-away mail domain",
        analyst_text="Mail domain known for throw-away addresses: {value}.",
        misleads="Some people keep a throw-away address for privacy only.",
        missing="no mail address was given",
        value=is_disposable_email,
        customer_safe_key="identity_details",
    ),
    Feature(
        name="country_disagreement_count",
        family="IDN",
        code="IDN-03",
        group="entry",
        unit="count",
        window="sign-up",
        direction=1,
        label="Disagreements between stated countries",
        analyst_text=(
            "Further countries among declared facts, phone, payment and "
            "sign-up network: {value}."
        ),
        misleads=(
            "Travelers, migrants and remote staff have such lives; never a sole reason."
        ),
        missing="fewer than two of the four countries are known",
        value=country_disagreement_count,
        customer_safe_key="identity_details",
    ),
    Feature(
        name="verified_step_count",
        family="IDN",
        code="IDN-04",
        group="entry",
        unit="count",
        window="sign-up",
        direction=-1,
        label="Confirmed identity steps",
        analyst_text="{value} of mail, phone, domain and registration are confirmed.",
        misleads="A phone check costs an attacker cents; not asked is not refused.",
        missing="nothing was asked or reported",
        value=verified_step_count,
        customer_safe_key="identity_details",
    ),
    Feature(
        name="is_under_contract",
        family="IDN",
        code="IDN-05",
        group="entry",
        unit="flag",
        window="sign-up",
        direction=-1,
        label="Signed contract",
        analyst_text="A signed contract stands behind the account: {value}.",
        misleads="Shell companies sign contracts too.",
        missing="the provider does not report contracts",
        value=is_under_contract,
    ),
    Feature(
        name="is_permitted_use",
        family="IDN",
        code="IDN-06",
        group="entry",
        unit="flag",
        window="all",
        direction=-1,
        label="Registered permission in force",
        analyst_text="A registered permission for unusual use is in force: {value}.",
        misleads="The permission may cover another purpose or a smaller volume.",
        missing="never missing: no permission counts as none",
        value=is_permitted_use,
        customer_safe_key="usage_pattern",
    ),
    Feature(
        name="is_confirmed_organization",
        family="IDN",
        code="IDN-08",
        group="entry",
        unit="flag",
        window="sign-up",
        direction=-1,
        label="Organization confirmed",
        analyst_text="Mail domain or registration confirms the organization: {value}.",
        misleads="Shell companies have domains and registrations as well.",
        missing="neither domain nor registration was compared",
        value=is_confirmed_organization,
        customer_safe_key="identity_details",
    ),
    Feature(
        name="signup_form_seconds",
        family="CLI",
        code="CLI-01",
        group="entry",
        unit="seconds",
        window="sign-up",
        direction=-1,
        label="Time on the sign-up form",
        analyst_text="The sign-up form was completed in {value} seconds.",
        misleads="Password managers and assistive technology fill forms at once.",
        missing="the form did not measure time",
        value=signup_form_seconds,
    ),
    Feature(
        name="is_hosting_signup",
        family="NET",
        code="NET-01",
        group="entry",
        unit="flag",
        window="sign-up",
        direction=1,
        label="Opened from a data center",
        analyst_text="The account was opened from a data center network: {value}.",
        misleads="Cloud desktops, company gateways and private VPNs look the same.",
        missing="the sign-up network is not known",
        value=is_hosting_signup,
    ),
    Feature(
        name="is_prepaid_payment",
        family="PAY",
        code="PAY-01",
        group="entry",
        unit="flag",
        window="sign-up",
        direction=1,
        label="Prepaid or virtual payment",
        analyst_text="The payment method is prepaid or virtual: {value}.",
        misleads="People without bank credit and careful people use such cards.",
        missing="no payment method with a known type of funding",
        value=is_prepaid_payment,
        customer_safe_key="payment_method",
    ),
    Feature(
        name="is_payer_mismatch",
        family="PAY",
        code="PAY-02",
        group="entry",
        unit="flag",
        window="sign-up",
        direction=1,
        label="Another person pays",
        analyst_text="The payer's name clearly differs from the holder's: {value}.",
        misleads="Married names, transliteration, parents and employers who pay.",
        missing="the payer's or the holder's name is not known",
        value=is_payer_mismatch,
        customer_safe_key="payment_method",
    ),
)
