"""The benchmark's driver: worlds and homes, and the product's commands as time goes."""

from apps.assessments.services.hydra.detector import Detector, detector_of
from apps.assessments.services.hydra.plan import END, Plan, estimate, known_traces
from apps.assessments.services.hydra.run import lines, run, steps

__all__ = [
    "END",
    "Detector",
    "Plan",
    "detector_of",
    "estimate",
    "known_traces",
    "lines",
    "run",
    "steps",
]
