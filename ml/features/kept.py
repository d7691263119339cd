"""Everything of which the sums of whole days are worth keeping."""

from typing import Final

from ml.features import breadth, elicitation, keyring, network, pace, shape, sums
from ml.features.sums import Daily

DAILY: Final[tuple[Daily, ...]] = (
    sums.HOURS,
    sums.FIRSTS,
    sums.EXCHANGES,
    sums.WINDOWS,
    sums.SCAFFOLDS,
    sums.FILLERS,
    sums.PARAMETERS,
    sums.SHAPES,
    sums.CLIENTS,
    sums.PLACES,
    sums.WINDOW_PLACES,
    breadth.CATEGORIES,
    breadth.LANGUAGES,
    elicitation.REPHRASINGS,
    elicitation.TRIES,
    keyring.HANDS,
    network.CROWDING,
    network.TALKS,
    pace.DAYS,
    pace.PAUSES,
    shape.MADE,
)
