"""Countries, cards and mail domains of a world, and the lookup tables that know them.

Which real country code stands for which group is drawn by the seed: no code means
anything from one world to the next.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.simulate.seeds import Columns, Numbers, Seeds, mix, names_of

# code, calling code, time zone, hours from UTC, locale
_COUNTRIES: Final = (
    ("US", "1", "America/New_York", -5, "en-US"),
    ("CA", "1", "America/Toronto", -5, "en-CA"),
    ("MX", "52", "America/Mexico_City", -6, "es-MX"),
    ("BR", "55", "America/Sao_Paulo", -3, "pt-BR"),
    ("AR", "54", "America/Argentina/Buenos_Aires", -3, "es-AR"),
    ("GB", "44", "Europe/London", 0, "en-GB"),
    ("DE", "49", "Europe/Berlin", 1, "de-DE"),
    ("FR", "33", "Europe/Paris", 1, "fr-FR"),
    ("ES", "34", "Europe/Madrid", 1, "es-ES"),
    ("PL", "48", "Europe/Warsaw", 1, "pl-PL"),
    ("UA", "380", "Europe/Kyiv", 2, "uk-UA"),
    ("TR", "90", "Europe/Istanbul", 3, "tr-TR"),
    ("NG", "234", "Africa/Lagos", 1, "en-NG"),
    ("KE", "254", "Africa/Nairobi", 3, "en-KE"),
    ("ZA", "27", "Africa/Johannesburg", 2, "en-ZA"),
    ("EG", "20", "Africa/Cairo", 2, "ar-EG"),
    ("IN", "91", "Asia/Kolkata", 5, "en-IN"),
    ("PK", "92", "Asia/Karachi", 5, "en-PK"),
    ("ID", "62", "Asia/Jakarta", 7, "id-ID"),
    ("VN", "84", "Asia/Ho_Chi_Minh", 7, "vi-VN"),
    ("SG", "65", "Asia/Singapore", 8, "en-SG"),
    ("JP", "81", "Asia/Tokyo", 9, "ja-JP"),
    ("KR", "82", "Asia/Seoul", 9, "ko-KR"),
    ("AU", "61", "Australia/Sydney", 10, "en-AU"),
)
COUNTRY_COUNT: Final = len(_COUNTRIES)
_GROUP_WEIGHTS: Final = (0.34, 0.22, 0.16, 0.12, 0.09, 0.07)
_BINS_OF: Final = {"credit": 4, "debit": 5, "prepaid": 2, "virtual": 2}
_BINS_EACH: Final = sum(_BINS_OF.values())

FREE_MAIL: Final = (
    "mailnest.example",
    "inboxly.example",
    "postbird.example",
    "quickletter.example",
    "bluemail.example",
    "skypost.example",
    "openmail.example",
    "mymailbox.example",
)
_ALIAS_MAIL: Final = ("relaymask.example", "hidemyinbox.example", "duckling.example")
_DISPOSABLE_COUNT: Final = 40


@dataclass(frozen=True, slots=True)
class Places:
    """Countries (by index), card numbers' first digits and mail domains of a world."""

    code: NDArray[np.object_]
    calling: NDArray[np.object_]
    timezone: NDArray[np.object_]
    offset: Numbers
    locale: NDArray[np.object_]
    group: NDArray[np.int64]
    weight: Numbers
    prepaid_share: Numbers
    bins: Columns
    disposable: NDArray[np.object_]
    alias: NDArray[np.object_]
    free: NDArray[np.object_]

    def draw_countries(self, rng: np.random.Generator, n: int) -> NDArray[np.int64]:
        return rng.choice(COUNTRY_COUNT, n, p=self.weight)

    def draw_bins(
        self, rng: np.random.Generator, country: NDArray[np.int64], funding: Any
    ) -> NDArray[np.object_]:
        """Draw a BIN for each card; a few of each country's BINs carry most cards."""
        starts = {"credit": 0, "debit": 4, "prepaid": 9, "virtual": 11}
        first = np.array([starts[name] for name in funding], np.int64)
        count = np.array([_BINS_OF[name] for name in funding], np.int64)
        within = (rng.random(len(country)) ** 1.8 * count).astype(np.int64)
        return self.bins["bin"][country * _BINS_EACH + first + within]


def make_places(seeds: Seeds) -> Places:
    """Draw the countries' groups and sizes, the BIN table and the mail domains."""
    rng = seeds.rng("places")
    columns = [
        np.array(column, dtype=object) for column in zip(*_COUNTRIES, strict=True)
    ]
    group = rng.permutation(COUNTRY_COUNT) % len(_GROUP_WEIGHTS)
    weight = np.array(_GROUP_WEIGHTS)[group] * rng.lognormal(0, 0.5, COUNTRY_COUNT)
    prepaid = rng.permutation(np.linspace(0.03, 0.14, len(_GROUP_WEIGHTS)))
    disposable = names_of(mix(seeds.key("disposable"), np.arange(_DISPOSABLE_COUNT)))
    return Places(
        code=columns[0],
        calling=columns[1],
        timezone=columns[2],
        offset=columns[3].astype(float),
        locale=columns[4],
        group=group,
        weight=weight / weight.sum(),
        prepaid_share=prepaid[group],
        bins=_bin_table(seeds, columns[0]),
        disposable=np.array([f"tmp-{name[:6]}.test" for name in disposable], object),
        alias=np.array(_ALIAS_MAIL, object),
        free=np.array(FREE_MAIL, object),
    )


def _bin_table(seeds: Seeds, codes: NDArray[np.object_]) -> Columns:
    """Invent BINs in the range that no card scheme uses (first digit 9)."""
    rng = seeds.rng("bins")
    numbers = rng.choice(90_000, COUNTRY_COUNT * _BINS_EACH, replace=False)
    funding = [name for name, count in _BINS_OF.items() for _ in range(count)]
    return {
        "bin": np.array([f"9{number + 10_000}" for number in numbers], object),
        "country": np.repeat(codes, _BINS_EACH),
        "funding": np.array(funding * COUNTRY_COUNT, object),
    }


def mail_domain_rows(places: Places, campuses: int) -> list[tuple[str, str]]:
    """Return (domain, class) of every mail domain that a lookup table would know."""
    rows = [(str(name), "free") for name in places.free]
    rows += [(str(name), "alias") for name in places.alias]
    rows += [(str(name), "disposable") for name in places.disposable]
    rows += [(campus_domain(at), "education") for at in range(campuses)]
    return sorted(rows)


def campus_domain(campus: int) -> str:
    return f"campus{campus:02d}.edu.example"
