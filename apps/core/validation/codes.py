"""Stable codes of bad input and the lists that values are checked against."""

from typing import Final

# What a person reads; no sentence ever holds the value itself.
DETAILS: Final = {
    "missing_field": "is required.",
    "wrong_type": "has the wrong type.",
    "unknown_field": "is not a field of this table; it was kept aside.",
    "bad_identifier": "must be 1-128 characters from A-Z a-z 0-9 _ . : @ -",
    "bad_timestamp": "must be RFC 3339 with an offset, from 2015 to 2100.",
    "event_time_out_of_range": "lies more than 5 minutes in the future.",
    "bad_email": "is not an e-mail address.",
    "bad_phone": "must be E.164: + and 7 to 15 digits.",
    "bad_ip": "must be an IPv4 or IPv6 address without a zone.",
    "unknown_code": "is not on the list of codes.",
    "unknown_value": "is not one of the allowed words.",
    "bad_text": "holds control or direction characters, or is too long.",
    "bad_hex": "must be lower-case hexadecimal of the stated length.",
    "bad_bin": "must be 6 or 8 digits.",
    "number_out_of_range": "is a number outside the allowed range.",
    "nul_not_allowed": "holds a NUL character.",
    "bad_unicode": "holds text that is not valid Unicode.",
    "not_json_number": "is not a finite number.",
    "pan_detected": "looks like a payment card number; send its fingerprint.",
    "unknown_event_type": "is not a known type of event.",
    "bad_json": "must be a JSON object.",
}

# ISO 3166-1 alpha-2 as of 2026, and XK (user-assigned, used for Kosovo).
_COUNTRIES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL
    BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV
    CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
    GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM
    IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK
    LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
    MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR
    PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS
    ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
    UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
# ISO 4217 as of 2026, with codes that lately left circulation.
_CURRENCIES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB
    BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK
    DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK
    HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD
    KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN
    MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB
    TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF
    XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL
"""
COUNTRIES: Final = frozenset(_COUNTRIES.split())
CURRENCIES: Final = frozenset(_CURRENCIES.split())
