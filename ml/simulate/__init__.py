"""Hydra worlds: simulated providers with honest customers and hidden campaigns."""

from ml.simulate.tiers import OFFERED, TIERS
from ml.simulate.world import Written, simulate

__all__ = ["OFFERED", "TIERS", "Written", "simulate"]
