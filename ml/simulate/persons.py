"""Invented people, organizations, mail addresses, phones and postal addresses."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.places import Places
from ml.simulate.seeds import pick

Texts = NDArray[np.object_]
Rng = np.random.Generator

_STARTS: Final = [
    "ka",
    "lo",
    "mi",
    "ra",
    "te",
    "su",
    "no",
    "vi",
    "de",
    "an",
    "el",
    "jo",
    "pa",
    "ri",
    "sa",
    "ze",
]
_ENDS: Final = [
    "ra",
    "lin",
    "mo",
    "na",
    "ris",
    "vek",
    "dal",
    "ton",
    "sha",
    "mir",
    "len",
    "ko",
    "va",
    "bel",
    "dra",
    "nis",
]
_FAMILY: Final = [
    "berg",
    "ova",
    "sen",
    "ault",
    "mara",
    "tani",
    "wick",
    "quist",
    "endo",
    "ruiz",
    "hall",
    "okoro",
]
_TRADE: Final = [
    "Labs",
    "Systems",
    "Works",
    "Data",
    "Studio",
    "Digital",
    "Partners",
    "Analytics",
]
_NOUNS: Final = [
    "river",
    "stone",
    "cedar",
    "lumen",
    "falcon",
    "harbor",
    "delta",
    "orbit",
    "maple",
    "ember",
    "quartz",
    "willow",
    "summit",
    "prism",
    "anchor",
    "meadow",
    "copper",
    "breeze",
    "cobalt",
    "lantern",
    "aspen",
    "raven",
    "pixel",
    "nova",
]
_STREETS: Final = [
    "Mill",
    "Park",
    "Station",
    "Lake",
    "Garden",
    "Church",
    "Hill",
    "Market",
]
_CITIES: Final = [
    "Northport",
    "Eastvale",
    "Westbrook",
    "Southam",
    "Midford",
    "Lakeside",
    "Hillcrest",
    "Rivergate",
    "Oldtown",
    "Newbridge",
    "Seaview",
    "Stoneham",
]


def first_names(rng: Rng, n: int) -> Texts:
    return _joined(_words(rng, n, _STARTS), _words(rng, n, _ENDS))


def last_names(rng: Rng, n: int) -> Texts:
    start = _joined(_words(rng, n, _STARTS), _words(rng, n, _ENDS))
    return _joined(start, _words(rng, n, _FAMILY))


def full_names(first: Texts, last: Texts) -> Texts:
    return np.array(
        [f"{a.title()} {b.title()}" for a, b in zip(first, last, strict=True)], object
    )


def organizations(rng: Rng, n: int) -> tuple[Texts, Texts]:
    """Return names and mail domains; the number keeps them apart."""
    first, second = _words(rng, n, _NOUNS), _words(rng, n, _NOUNS)
    number, trade = rng.integers(2, 9999, n), _words(rng, n, _TRADE)
    rows = list(zip(first, second, number, trade, strict=True))
    names = [f"{a.title()} {b.title()} {t} {m}" for a, b, m, t in rows]
    domains = [f"{a}{b}{m}.example" for a, b, m, _ in rows]
    return np.array(names, object), np.array(domains, object)


def mail_names(rng: Rng, first: Texts, last: Texts) -> Texts:
    """Write local parts the way people do, in six common shapes."""
    n = len(first)
    shape, number = rng.integers(0, 6, n), rng.integers(1, 2000, n)
    noun = _words(rng, n, _NOUNS)
    rows = zip(first, last, number, noun, shape, strict=True)
    return np.array(
        [_mail_name(a, b, int(m), w, int(s)) for a, b, m, w, s in rows], object
    )


def _mail_name(first: str, last: str, number: int, noun: str, shape: int) -> str:
    return (
        f"{first}.{last}",
        f"{first[0]}{last}",
        f"{first}{last}{number % 100}",
        f"{first}_{last}",
        f"{noun}{first}{number}",
        f"{last}.{first}{number % 10}",
    )[shape]


def scripted_mail_names(rng: Rng, n: int, shape: int, first: int) -> Texts:
    """Write local parts the way one script does, counting up from `first`."""
    word = str(rng.choice(_NOUNS))
    tails = rng.integers(0, 36**5, n)
    names = _joined(_words(rng, n, _STARTS), _words(rng, n, _FAMILY))
    if shape == 0:
        return np.array([f"{word}{first + at:04d}" for at in range(n)], object)
    if shape == 1:
        return np.array(
            [
                f"{name}{tail % 9000 + 1000}"
                for name, tail in zip(names, tails, strict=True)
            ],
            object,
        )
    return np.array(
        [f"{word}.{np.base_repr(tail, 36).lower()}" for tail in tails], object
    )


def phones(rng: Rng, places: Places, country: NDArray[np.int64]) -> Texts:
    """Return E.164 numbers in the 555 block that is kept for fiction."""
    digits = rng.integers(0, 10**6, len(country))
    calling = places.calling[country]
    return np.array(
        [f"+{code}555{tail:06d}" for code, tail in zip(calling, digits, strict=True)],
        object,
    )


def streets(rng: Rng, n: int) -> Texts:
    number, street = rng.integers(1, 400, n), _words(rng, n, _STREETS)
    flat = rng.integers(1, 60, n)
    rows = zip(number, street, flat, strict=True)
    return np.array([f"{a} {b} Street, Unit {c}" for a, b, c in rows], object)


def cities(rng: Rng, n: int) -> Texts:
    return pick(rng, n, dict.fromkeys(_CITIES, 1.0))


def postal_codes(rng: Rng, n: int) -> Texts:
    return np.array([f"{code:05d}" for code in rng.integers(1000, 99999, n)], object)


def _words(rng: Rng, n: int, words: list[str]) -> Texts:
    return np.array(words, object)[rng.integers(0, len(words), n)]


def _joined(left: Texts, right: Texts) -> Texts:
    return left + right
