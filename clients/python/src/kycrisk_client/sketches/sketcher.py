"""The keyed sketches of prompts: what leaves the provider instead of text."""

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np

from kycrisk_client.sketches.documents import params_hash, schema_hash, tools_hash
from kycrisk_client.sketches.hashes import minima, shingles, simhash
from kycrisk_client.sketches.keys import SketchKey
from kycrisk_client.sketches.tokens import Places, Prompt, Streams, Tokenizer, Words

MIN_TOKENS: Final = 30  # shorter prompts could be guessed by who has the key
HEAD: Final = 24  # masked tokens of the user text that count as wrapper
_BATCH: Final = 256  # prompts: their columns stay in the cache


@dataclass(frozen=True, slots=True)
class Sketches:
    """Columns of `usage` (docs/reference/bundle.md); None where there is nothing.

    All are None for a prompt of fewer than 30 tokens; `filler` is None where nothing
    was masked.
    """

    scaffold: str | None = None
    sketch: str | None = None
    minhash: list[int] | None = None
    filler: list[int] | None = None


class Sketcher:
    """Makes sketches under one secret of at least 16 bytes.

    Keep the secret for as long as sketches shall be comparable: another secret changes
    every value. Thread-safe.
    """

    def __init__(self, secret: bytes) -> None:
        self._key = SketchKey.derive(secret)
        self._tokenizer = Tokenizer(self._key)

    def __repr__(self) -> str:
        return "Sketcher(secret=...)"

    def params(self, request: Mapping[str, Any]) -> str | None:
        """Hash the sampling parameters of a request; None where it sets none."""
        return params_hash(self._key.params, request)

    def schema(self, schema: Any) -> str | None:
        """Hash a structured-output schema (JSON); None for none."""
        return schema_hash(self._key.schema, schema)

    def tools_hash(self, tools: Iterable[Any] | None) -> str | None:
        """Hash tool definitions (JSON), in whatever order they come; None for none."""
        return tools_hash(self._key.tools, tools)

    def one(self, prompt: Prompt | str) -> Sketches:
        """Return the sketches of one prompt; many at once are far cheaper each."""
        return next(self.many([prompt]))

    def many(self, prompts: Iterable[Prompt | str]) -> Iterator[Sketches]:
        """Yield the sketches of each prompt, in order; bounded memory."""
        source = iter(prompts)
        while batch := [_prompt(one) for one in islice(source, _BATCH)]:
            yield from self._batch(batch)

    def _batch(self, prompts: Sequence[Prompt]) -> Iterator[Sketches]:
        streams = self._tokenizer.streams(prompts)
        long = np.flatnonzero(streams.tokens >= MIN_TOKENS)
        hashes, bounds = shingles(streams.masked, streams.bounds, self._key)
        hashes, bounds = _only(hashes, bounds, long)
        sketches = [f"{one:016x}" for one in simhash(hashes, bounds).tolist()]
        minhashes = minima(hashes, bounds, self._key).tolist()
        fillers = self._fillers(streams, long)
        found = [Sketches()] * len(prompts)
        for place, at in enumerate(long.tolist()):
            scaffold = self._scaffold(streams, at)
            found[at] = Sketches(
                scaffold, sketches[place], minhashes[place], fillers.get(at)
            )
        yield from found

    def _fillers(self, streams: Streams, long: Places) -> dict[int, list[int]]:
        some = long[np.diff(streams.filler_bounds)[long] > 0]
        hashes, bounds = shingles(streams.filler, streams.filler_bounds, self._key)
        hashes, bounds = _only(hashes, bounds, some)
        if not len(some):
            return {}
        found = minima(hashes, bounds, self._key).tolist()
        return dict(zip(some.tolist(), found, strict=True))

    def _scaffold(self, streams: Streams, at: int) -> str:
        """Hash the system text and the head of the user text, both masked."""
        first, last = int(streams.bounds[at]), int(streams.bounds[at + 1])
        user = first + int(streams.system[at])
        head = streams.masked[user : min(last, user + HEAD)]
        text = streams.masked[first:user].tobytes() + bytes(8) + head.tobytes()
        return hmac.digest(self._key.scaffold, text, "sha256")[:8].hex()


def _prompt(one: Prompt | str) -> Prompt:
    return Prompt(one) if isinstance(one, str) else one


def _only(hashes: Words, bounds: Places, chosen: Places) -> tuple[Words, Places]:
    """Keep the hashes of the chosen streams."""
    if len(chosen) == len(bounds) - 1:
        return hashes, bounds
    sizes = np.diff(bounds)
    wanted = np.zeros(len(sizes), dtype=bool)
    wanted[chosen] = True
    return hashes[np.repeat(wanted, sizes)], np.append(0, np.cumsum(sizes[chosen]))
