"""How alike two names are: tokens aligned, whatever their order, script or case."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from anyascii import anyascii
from rapidfuzz.distance import OSA

# Words that say little of who somebody is: particles of names, and legal forms.
_LIGHT: Final = frozenset(
    re.findall(
        r"\w+",
        "a abd abu al as at aktiengesellschaft ao asa ab ben bin bint co company corp"
        " corporation da das de del den der do doo dos el for gmbh ibn inc incorporated"
        " jpsc jsc kft la le limited llc llp lp ltd nv oao of ooo oy oyj pao pjsc plc"
        " pte pty sa sarl spa spzoo srl ul und van von zao and the",
    )
)
_LIGHT_WEIGHT: Final = 0.3
_NUMBER_WEIGHT: Final = 4.0
_LONGEST: Final = 8  # letters: a longer word says no more of a person
_INITIAL: Final = 0.75  # how alike an initial and a word that starts with it are
ALIKE: Final = 0.6  # tokens less alike than this are different
_BOTH: Final = 1.5  # a word replaced by another: two people
_ONE: Final = 0.3  # a word that only one of the names has: perhaps a middle name
_ENOUGH: Final = 2  # words in common; a single one is no name where more is said
_WORD: Final = 2.0  # the weight of what counts as more
_SINGLE: Final = 0.8
_JOINED: Final = 0.85  # what names are worth that agree only once blanks are taken out


@lru_cache(maxsize=8192)
def tokens(name: str) -> tuple[str, ...]:
    """Return the words of a name in plain Latin letters, whatever its script."""
    plain = anyascii(unicodedata.normalize("NFKC", name)).lower().replace("&", " and ")
    return tuple(re.sub(r"[^a-z0-9]+", " ", re.sub(r"['`.]", "", plain)).split())


def weight(token: str) -> float:
    """Return how much a word tells: longer words are rarer."""
    if token in _LIGHT:
        return _LIGHT_WEIGHT
    return _NUMBER_WEIGHT if token.isdigit() else float(min(len(token), _LONGEST))


def similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """Return 0 to 1 for two names as `tokens`; symmetric; 0 where one is empty.

    Words are paired, the most telling first, while they are alike. A word of one name
    that the other lacks costs little; a word that stands against another costs much.
    """
    if not one or not other:
        return 0.0
    joined = OSA.normalized_similarity("".join(one), "".join(other))
    one, other = sorted((sorted(one), sorted(other)))  # ties fall the same way
    left, right = list(one), list(other)
    paired = agreed = 0.0
    telling = 0
    for worth, at, to in _pairs(one, other):
        if left[at] and right[to]:
            paired += weight(one[at]) + weight(other[to])
            agreed += worth
            telling += left[at] not in _LIGHT
            left[at] = right[to] = ""
    rest = sorted(
        sum(weight(word) for word in words if word) for words in (left, right)
    )
    lost = 2 * _BOTH * rest[0] + _ONE * (rest[1] - rest[0])
    aligned = agreed / (paired + lost) if paired else 0.0
    if telling < _ENOUGH and rest[1] >= _WORD:
        aligned *= _SINGLE
    return max(aligned, _JOINED * joined)


def _pairs(one: Sequence[str], other: Sequence[str]) -> list[tuple[float, int, int]]:
    """Return (worth, place, place) of words that are alike, the best first."""
    found = []
    for at, word in enumerate(one):
        for to, against in enumerate(other):
            alike = _alike(word, against)
            if alike >= ALIKE:
                worth = alike * (weight(word) + weight(against))
                found.append((-worth, at, to))
    return [(-worth, at, to) for worth, at, to in sorted(found)]


def _alike(word: str, against: str) -> float:
    if len(word) == 1 or len(against) == 1:
        same = float(word == against)
        return _INITIAL if word[0] == against[0] and not same else same
    return OSA.normalized_similarity(word, against, score_cutoff=ALIKE)
