"""Names against the sanctions lists: candidates by words, then each pair closely."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from apps.reference.services import names

# Where agreement with the 826 labelled pairs is best (F1); see docs/reference.
THRESHOLD: Final = 0.8
_CANDIDATES: Final = 40  # listed names that are compared closely
_ROUGHLY: Final = 0.5  # share of a name's weight that a candidate must cover
_SOME: Final = 1e-9
_AT_ONCE: Final = 32  # names: their likenesses to all listed words fit into memory
_JOINED: Final = 0.9  # likeness of names without blanks: .85 of it is above THRESHOLD

Likenesses = dict[str, list[tuple[float, NDArray[np.int64]]]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A listed entry that a name is like. `name` is the listed one, which is public."""

    entry_id: str  # such as "UN:6907993" or "OFAC-SDN:36"
    name: str
    score: float  # 0 to 1


class Watchlist:
    """The names of one list, indexed by their words."""

    def __init__(self, ids: Sequence[str], listed: Sequence[str]) -> None:
        self._ids = ids
        self._listed = listed
        self._tokens = [names.tokens(name) for name in listed]
        self._joined = ["".join(words) for words in self._tokens]
        places: dict[str, list[int]] = {}
        for at, words in enumerate(self._tokens):
            for word in set(words):
                places.setdefault(word, []).append(at)
        self._words = list(places)
        self._places = [np.array(some) for some in places.values()]

    def screen(self, given: Sequence[str]) -> list[list[Hit]]:
        """Return the hits of each name."""
        found: list[list[Hit]] = []
        for at in range(0, len(given), _AT_ONCE):
            split = [names.tokens(name) for name in given[at : at + _AT_ONCE]]
            like = self._like({word for name in split for word in name})
            close = _close(["".join(name) for name in split], self._joined, _JOINED)
            for name, others in zip(split, close, strict=True):
                places = self._covered(name, like) | {place for _, place in others}
                found.append(self._hits(name, places))
        return found

    def _like(self, wanted: set[str]) -> Likenesses:
        """Return, for each word, the listed words that are like it, the likest last."""
        words = sorted(word for word in wanted if len(word) > 1)
        close = _close(words, self._words, names.ALIKE)
        found = {
            word: [(score, self._places[at]) for score, at in sorted(others)]
            for word, others in zip(words, close, strict=True)
        }
        return {word: found.get(word, []) for word in wanted}

    def _covered(self, name: tuple[str, ...], like: Likenesses) -> set[int]:
        """Return the listed names that share most of this name's weight."""
        covered = np.zeros(len(self._ids))
        for word in name:
            part = np.zeros(len(self._ids))
            for score, places in like[word]:
                part[places] = score
            covered += part * names.weight(word)
        enough = max(_ROUGHLY * sum(map(names.weight, name)), _SOME)
        chosen = np.flatnonzero(covered >= enough)
        order = np.argsort(-covered[chosen], kind="stable")[:_CANDIDATES]
        return set(chosen[order].tolist())

    def _hits(self, name: tuple[str, ...], places: Iterable[int]) -> list[Hit]:
        best: dict[str, Hit] = {}
        for at in sorted(places):
            score = names.similarity(name, self._tokens[at])
            entry = self._ids[at]
            known = best.get(entry)
            if score >= THRESHOLD and (known is None or score > known.score):
                best[entry] = Hit(entry, self._listed[at], round(score, 4))
        return list(best.values())


def _close(
    given: Sequence[str], listed: Sequence[str], cutoff: float
) -> list[list[tuple[float, int]]]:
    """Return (likeness, place) of the listed texts that are like each given one."""
    scores = process.cdist(
        given,
        listed,
        scorer=OSA.normalized_similarity,
        score_cutoff=cutoff,
        dtype=np.float32,
    )
    return [[(float(row[at]), int(at)) for at in np.flatnonzero(row)] for row in scores]
