"""Accounts of one kind, and random exchanges of their places."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

DRAWS: Final = 99


@dataclass(frozen=True, slots=True)
class Pool:
    """Accounts in a random order within their kind; all arrays are [accounts].

    `order` lists accounts kind by kind; an account's own kind stands from `begin`,
    `size` accounts long, and it is the `place`-th of them. `kind` numbers the kinds.
    """

    order: NDArray[np.int64]
    kind: NDArray[np.int64]
    begin: NDArray[np.int64]
    size: NDArray[np.int64]
    place: NDArray[np.int64]

    def draw(
        self, accounts: NDArray[np.int64], random: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return who stands in these accounts' places: int64 [DRAWS + 1, accounts].

        Each draw turns every kind's circle by a step of its own; row 0 is as it is.
        Turns form a group, so the rows are exchangeable where kinds are (Hemerik and
        Goeman, Exact testing with random permutations, 2018).
        """
        kinds, which = np.unique(self.kind[accounts], return_inverse=True)
        size = np.empty(len(kinds), dtype=np.int64)
        size[which] = self.size[accounts]
        steps = random.integers(0, size, (DRAWS, len(kinds)))
        steps = np.vstack([np.zeros((1, len(kinds)), dtype=np.int64), steps])
        turned = (self.place[accounts] + steps[:, which]) % self.size[accounts]
        return self.order[self.begin[accounts] + turned]

    def room(self, accounts: NDArray[np.int64]) -> float:
        """Return how many accounts there are for each of these, where fewest."""
        _, which, own = np.unique(
            self.kind[accounts], return_inverse=True, return_counts=True
        )
        return float((self.size[accounts] / own[which]).min())


def pool(key: NDArray[np.int64], random: np.random.Generator) -> Pool:
    """Return the pool of accounts whose kind is their `key` [accounts]."""
    order = np.lexsort((random.random(len(key)), key))
    _, kind, count = np.unique(key, return_inverse=True, return_counts=True)
    begin = (np.cumsum(count) - count)[kind]
    place = np.empty(len(key), dtype=np.int64)
    place[order] = np.arange(len(key))
    return Pool(order, kind.astype(np.int64), begin, count[kind], place - begin)
