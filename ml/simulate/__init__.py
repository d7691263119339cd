"""Hydra worlds: simulated providers with honest customers and hidden campaigns."""

from ml.simulate.population import Variant
from ml.simulate.tiers import OFFERED, TIERS
from ml.simulate.traces import NoTracesError
from ml.simulate.world import VERSION, Written, simulate

__all__ = [
    "OFFERED",
    "TIERS",
    "VERSION",
    "NoTracesError",
    "Variant",
    "Written",
    "simulate",
]
