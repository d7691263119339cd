"""Keyed sketches of prompts, made at the edge: no text leaves the provider.

Needs NumPy (`pip install kycrisk-client[sketches]`).
"""

from kycrisk_client.sketches.sketcher import Sketcher, Sketches
from kycrisk_client.sketches.spans import FILLER_END, FILLER_START
from kycrisk_client.sketches.tokens import Prompt

__all__ = ["FILLER_END", "FILLER_START", "Prompt", "Sketcher", "Sketches"]
