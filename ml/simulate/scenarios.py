"""The main world and the worlds beside it, by name."""

from collections.abc import Callable
from typing import Final

from ml.simulate.few import few_population
from ml.simulate.permuted import permuted_population
from ml.simulate.population import Population, Variant, main_population
from ml.simulate.riders import riders_population
from ml.simulate.seeds import Seeds
from ml.simulate.tiers import Tier

SCENARIOS: Final[dict[str, Callable[[Seeds, Tier, Variant], Population]]] = {
    "main": main_population,
    "zero-label": main_population,  # the same people, of whom nobody learns anything
    "few": few_population,
    "permuted": permuted_population,
    "riders": riders_population,
}
