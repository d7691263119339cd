"""Which detector is judged: its commit, and whether somebody has changed it since."""

import subprocess
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings

from apps.assessments.errors import BenchmarkError
from ml.benchmark.verdict import DETECTOR


@dataclass(frozen=True, slots=True)
class Detector:
    """The last commit that changed the detector; `changed` if files differ from it.

    `key` names this very state, for the folder of a run that can be taken up again.
    """

    commit: str
    changed: bool
    key: str


def detector_of() -> Detector:
    """Read the state of the detector from the repository this runs from."""
    commit = _git("log", "-1", "--format=%H", "--", *DETECTOR).strip()
    difference = _git("diff", "HEAD", "--", *DETECTOR)
    added = _git("ls-files", "--others", "--exclude-standard", "--", *DETECTOR)
    state = sha256(f"{commit}\n{difference}\n{added}".encode()).hexdigest()
    return Detector(commit, bool(difference or added), state[:12])


def _git(*words: str) -> str:
    done = subprocess.run(  # noqa: S603 - fixed words
        ["git", *words],  # noqa: S607 - git is where the system keeps it
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(
            "A benchmark names the commit of the detector; this is no git checkout."
        )
    return done.stdout
