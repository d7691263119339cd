"""What strangers call our columns, and how the parts of their files are named."""

import re
import unicodedata
from typing import Final

from apps.core.validation import EVENT_DATA, RAW_TABLES, RawColumn

IGNORED: Final = ""
# What a file need not have, because it can be made from the rest; and how.
_ROW_ID: Final = "made from the row's content, so that equal rows count once"
MADE: Final[dict[str, dict[str, str]]] = {
    "usage": {"event_id": _ROW_ID, "key_id": "one key an account is assumed"},
    "usage_window": {"event_id": _ROW_ID},
    "events": {"event_id": _ROW_ID, "data": "made from the fields of the event"},
    "outcomes": {
        "outcome_id": _ROW_ID,
        "known_at": "taken to be the time of observation",
        "source": "taken to be an investigation",
    },
}
_TIME = "time timestamp ts datetime date createdat created when"
_ACCOUNT = """account acct acctid accountno accountnumber accountref userid uid orgid
tenantid workspaceid memberid subscriberid customeraccount user customerid clientid"""
_ADDRESS = "ip ipaddr clientip sourceip remoteip remoteaddr userip ipaddress ipv4"
_AGENT = "useragent ua browser"
_DEVICE = "deviceid device devicefingerprint visitorid browserfingerprint deviceuuid"
_CARD = "cardfingerprint cardhash cardtoken fingerprint paymenttoken cardid"

_ALIASES: Final[dict[str, dict[str, str]]] = {
    "accounts": {
        "account_id": f"{_ACCOUNT} id uuid",
        "created_at": f"""created createdon creationdate datecreated createddate
            signupdate signupat signuptime signedupat registeredat registrationdate
            regdate registered joined joinedat joindate openedat since {_TIME}""",
        "kind": "type accounttype customertype entitytype usertype",
        "plan": "tier planname subscription subscriptionplan pricingplan package",
        "channel": "acquisitionchannel saleschannel",
        "email": "emailaddress mail mailaddress contactemail useremail owneremail",
        "email_verified": "emailconfirmed mailconfirmed isemailverified mailverified",
        "phone": "phonenumber mobile mobilenumber cellphone telephone tel telefon",
        "phone_verified": "phoneconfirmed isphoneverified mobileverified",
        "name": "fullname customername contactname ownername displayname",
        "org_name": "organization organisation organizationname company companyname",
        "org_domain": "domain companydomain website organizationdomain",
        "registration_number": "companynumber vat vatid taxid regno",
        "declared_country": "countrycode residence countryofresidence nation land",
        "declared_use_case": "usecase purpose intendeduse description",
        "address_line": "address street streetaddress addressline1 address1",
        "city": "town ort",
        "region": "state province",
        "postal_code": "zip zipcode postcode plz",
        "country": "addresscountry",
        "signup_ip": f"registrationip createdip creationip regip {_ADDRESS}",
        "signup_user_agent": _AGENT,
        "signup_ja4": "ja4 tlsfingerprint",
        "signup_device_id": f"signupdevice {_DEVICE}",
        "signup_timezone": "timezone tz browsertimezone",
        "signup_locale": "locale browserlocale",
        "signup_form_ms": "formms formdurationms formtimems",
        "payment_type": "paymentmethod paymentmethodtype billingmethod",
        "payment_fingerprint": _CARD,
        "payment_bin": "bin cardbin iin cardiin first6",
        "payment_funding": "funding cardfunding cardtype",
        "payment_country": "cardcountry issuercountry bincountry",
        "payer_name": "cardholder cardholdername payer nameoncard billingname",
        "parent_account_id": "parent parentid parentaccount",
        "contract": "hascontract undercontract signedcontract",
        "customer_id": "customer client crmid",
    },
    "customers": {
        "customer_id": "id customer clientid",
        "kind": "type customertype entitytype",
        "legal_name": "name company companyname organization",
        "registration_number": "companynumber vat taxid regno",
        "country": "countrycode",
        "verified_level": "kyclevel verificationlevel",
        "beneficial_owners": "owners ubos",
    },
    "api_keys": {
        "key_id": "id apikeyid apikey key keyhash tokenid",
        "account_id": _ACCOUNT,
        "created_at": f"issuedat createdon {_TIME}",
        "revoked_at": "deletedat disabledat expiredat",
        "name": "label keyname",
        "created_ip": _ADDRESS,
        "environment": "env mode",
    },
    "payment_methods": {
        "account_id": _ACCOUNT,
        "fingerprint": f"{_CARD} id",
        "added_at": f"addedon {_TIME}",
        "removed_at": "deletedat",
        "type": "paymenttype paymentmethod",
        "bin": "cardbin iin cardiin first6",
        "funding": "cardfunding cardtype",
        "country": "cardcountry issuercountry",
        "payer_name": "cardholder cardholdername nameoncard",
    },
    "usage": {
        "event_id": "requestid reqid id messageid callid traceid uuid",
        "occurred_at": f"requesttime requestedat eventtime {_TIME}",
        "account_id": _ACCOUNT,
        "key_id": "apikeyid apikey key keyhash credential",
        "ip": _ADDRESS,
        "client": f"clientversion sdk library ja4 {_AGENT}",
        "surface": "channel",
        "model": "modelname modelid engine deployment",
        "input_tokens": "prompttokens tokensin requesttokens prompttokencount tokenin",
        "output_tokens": "completiontokens tokensout responsetokens generatedtokens",
        "max_tokens": "maxoutputtokens maxcompletiontokens",
        "status": "statuscode httpstatus responsecode",
        "latency_ms": "latency duration durationms elapsedms",
        "conversation_id": "conversation sessionid session threadid chatid",
        "tools": "toolcount numtools",
        "end_user": "enduserid",
    },
    "usage_window": {
        "event_id": "id windowid",
        "account_id": _ACCOUNT,
        "window_start": f"start hour bucket period {_TIME}",
        "window_s": "windowseconds bucketseconds seconds",
        "requests": "count calls requestcount",
        "input_tokens": "prompttokens tokensin",
        "output_tokens": "completiontokens tokensout",
    },
    "events": {
        "event_id": "id uuid",
        "type": "event eventtype eventname action",
        "occurred_at": f"eventtime {_TIME}",
        "account_id": _ACCOUNT,
        "data": "payload properties metadata",
        "data/ip": _ADDRESS,
        "data/user_agent": _AGENT,
        "data/device_id": _DEVICE,
        "data/success": "succeeded ok",
        "data/fingerprint": _CARD,
    },
    "outcomes": {
        "outcome_id": "id caseid uuid",
        "account_id": _ACCOUNT,
        "label": "outcome verdict classification fraud isfraud decision result",
        "subtype": "category reason",
        "observed_at": f"labeledat labelledat {_TIME}",
        "known_at": "confirmedat closedat decidedat",
    },
    "provider": {"kind": "type", "name": "model title", "at": _TIME},
}
# Words in the name of a file that tell what it holds.
_FILES: Final = {
    "accounts": "account accounts user users signup signups members",
    "customers": "customer customers clients",
    "api_keys": "key keys apikeys",
    "payment_methods": "card cards paymentmethods payments",
    "usage": "usage request requests log logs exchanges calls",
    "usage_window": "window windows hourly",
    "events": "event events login logins",
    "outcomes": "outcome outcomes label labels fraud verdicts",
    "provider": "provider calendar releases",
}


def plain(text: str) -> str:
    """Return letters and digits alone, in lower case and without accents."""
    flat = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", flat.lower())


def aliases(table: str, column: str) -> list[str]:
    """Return the plain names of a column: our own first, then by likelihood."""
    return [plain(column), *_ALIASES[table].get(column, "").split()]


def targets(table: str) -> dict[str, RawColumn]:
    """Return what a column of a file may become; `data/ip` is a field of an event."""
    found = {column.name: column for column in RAW_TABLES[table]}
    if table == "events":
        for columns in EVENT_DATA.values():
            found |= {f"data/{column.name}": column for column in columns}
    return found


def is_named_like(table: str, file: str) -> bool:
    """Whether a word in the file's name says that it holds this table."""
    words = set(re.split(r"[^a-z0-9]+", file.lower())) | {
        plain(file.split(".", maxsplit=1)[0])
    }
    return bool(words & {*_FILES[table].split(), plain(table), table})
