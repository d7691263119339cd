"""From contributions to sentences: families, principal reasons, bars of a waterfall.

Contributions inside one family are added up before anything is ranked, so that two
features that say the same cannot split or hide each other. Evidence points are
10 log10 of the factor by which the odds change: +10 points make the odds ten times.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.features.feature import FAMILIES, Feature
from ml.frames import Reason, RingPart
from ml.manifest import Manifest
from ml.model import Prediction

Floats = NDArray[np.float64]

POINTS: Final = 10.0 / math.log(10.0)  # evidence points of one unit of log-odds
LEAST_POINTS: Final = 0.5  # less than an eighth more or less odds is no reason
MOST_REASONS: Final = 4  # more than four are not helpful (Reg B, comment 9(b)(2)-1)
LEAST_TIMES: Final = 1.05  # what still reads as once the usual
SECOND_SHARE: Final = 1 / 3  # of the leading feature's part, to be told as well
GROUP_CODE: Final = "RNG-90"
COMPANY_CODE: Final = "RNG-91"
COMPANY: Final = "Shares rare values with accounts whose own conduct is suspicious."
MISSING_CODE: Final = "DAT-01"


@dataclass(frozen=True)
class Explainer:
    """Tells about one model's answers; build it once for each model.

    `catalogue` holds the definition of every input by name.
    """

    manifest: Manifest
    catalogue: Mapping[str, Feature]

    @cached_property
    def _features(self) -> tuple[Feature, ...]:
        return tuple(self.catalogue[name] for name in self.manifest.names)

    @cached_property
    def _columns(self) -> dict[str, tuple[int, ...]]:
        """Return the columns of each family, families in the catalogue's order."""
        found = {
            family: tuple(
                at for at, one in enumerate(self._features) if one.family == family
            )
            for family in FAMILIES
        }
        return {family: columns for family, columns in found.items() if columns}

    def families(self, prediction: Prediction) -> tuple[tuple[str, ...], Floats]:
        """Return family codes and their log-odds, float64 [n, families].

        A missing input's part counts under DAT, not under its own family.
        """
        known = np.where(prediction.missing, 0.0, prediction.contributions[:, :-1])
        absent = np.where(prediction.missing, prediction.contributions[:, :-1], 0.0)
        sums = [_add(known, columns) for columns in self._columns.values()]
        sums.append(_add(absent, range(absent.shape[1])))
        return (*self._columns, "DAT"), np.stack(sums, axis=1)

    def reasons(
        self,
        values: Floats,
        prediction: Prediction,
        evidence: Mapping[str, Floats],
        rings: Sequence[RingPart | None],
        group: Sequence[float],
    ) -> list[tuple[Reason, ...]]:
        """Return at most four reasons that raise the score, then the main one against.

        Where nothing that may be shown moves the score, the one reason says so.

        values: float64 [n, features], NaN missing. evidence: float64 [n] by name, what
        a feature's floor is compared with. group: log-odds [n] that ring and company
        add.
        """
        codes, sums = self.families(prediction)
        shown = self._shown(evidence, prediction.missing)
        answers = []
        for row, (ring, joined) in enumerate(zip(rings, group, strict=True)):
            found = self._row_reasons(
                codes[:-1],
                sums[row],
                values[row].tolist(),
                prediction.contributions[row].tolist(),
                shown[row].tolist(),
            )
            if ring is not None:
                found += group_reasons(ring, joined)
            answers.append(
                principal(found) or (_nothing_stands_out(float(sums[row, -1])),)
            )
        return answers

    def _shown(
        self, evidence: Mapping[str, Floats], missing: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Tell which inputs may be shown: known, and enough seen of the account."""
        shown = ~missing
        for at, feature in enumerate(self._features):
            if feature.floor is None:
                continue
            seen = evidence.get(feature.floor.evidence)
            enough = False if seen is None else seen >= feature.floor.least
            shown[:, at] &= enough
        return shown

    def _row_reasons(
        self,
        codes: Sequence[str],
        sums: Floats,
        values: list[float],
        parts: list[float],
        shown: list[bool],
    ) -> list[Reason]:
        reasons = []
        for family, total in zip(codes, sums.tolist(), strict=False):
            if abs(total) * POINTS < LEAST_POINTS:
                continue
            told = [
                at
                for at in self._columns[family]
                if shown[at]
                and parts[at] * total > 0.0
                and self._tells(at, values[at], total)
            ]
            if told:
                told.sort(key=lambda at: (-abs(parts[at]), at))
                reasons.append(self._family_reason(family, total, told, values, parts))
        return reasons

    def _tells(self, at: int, value: float, total: float) -> bool:
        """Tell whether a value speaks for itself: the usual is no reason for alarm."""
        feature = self._features[at]
        alarms = total > 0.0 and feature.direction > 0
        return not (alarms and feature.unit == "times" and value < LEAST_TIMES)

    def _family_reason(
        self,
        family: str,
        total: float,
        told: list[int],
        values: list[float],
        parts: list[float],
    ) -> Reason:
        least = abs(parts[told[0]]) * SECOND_SHARE
        chosen = [at for at in told[:2] if abs(parts[at]) >= least]
        keys = [self._features[at].customer_safe_key for at in told]
        return Reason(
            code=self._features[told[0]].code,
            family=family,
            direction="raises" if total > 0.0 else "lowers",
            points=round(total * POINTS, 2),
            text=" ".join(self._tell(at, values[at]) for at in chosen),
            customer_safe_key=next((key for key in keys if key), None),
            features=tuple(self._features[at].name for at in told),
        )

    def _tell(self, at: int, value: float) -> str:
        feature = self._features[at]
        sentence = feature.tell(value)
        if feature.unit == "flag":
            return sentence
        rank = standing(self.manifest.features[at].grid, value)
        return f"{sentence.rstrip('.')} ({rank})." if rank else sentence


def standing(grid: Sequence[float], value: float) -> str:
    """Say where a value stands among the training accounts, from 101 percentiles."""
    below = min(bisect_left(grid, value), 99)
    above = min(len(grid) - bisect_right(grid, value), 99)
    if max(below, above) < 50:  # noqa: PLR2004 - most accounts share such a value
        return ""
    if below >= above:
        return f"higher than {below} % of accounts"
    return f"lower than {above} % of accounts"


def principal(found: Sequence[Reason]) -> tuple[Reason, ...]:
    """Rank: four that raise at most, then the one that lowers most; ties by code."""
    raising = [reason for reason in found if reason.points > 0.0]
    lowering = [reason for reason in found if reason.points < 0.0]
    raising.sort(key=lambda reason: (-reason.points, reason.code))
    lowering.sort(key=lambda reason: (reason.points, reason.code))
    return (*raising[:MOST_REASONS], *lowering[:1])


def group_reasons(ring: RingPart, joined: float) -> list[Reason]:
    """Tell what a ring and what bad company add, `joined` log-odds together."""
    company = min(ring.company, joined)  # a bound may cut some of it off
    parts = (
        (GROUP_CODE, ring.words, joined - company),
        (COMPANY_CODE, COMPANY, company),
    )
    return [
        Reason(
            code=code,
            family="RNG",
            direction="raises",
            points=round(part * POINTS, 2),
            text=text,
            customer_safe_key=None,
        )
        for code, text, part in parts
        if part * POINTS >= LEAST_POINTS
    ]


def _nothing_stands_out(absent: float) -> Reason:
    """Tell of an account that is like most; `absent` is the part of what is missing."""
    return Reason(
        code=MISSING_CODE,
        family="DAT",
        direction="raises" if absent > 0.0 else "lowers",
        points=round(absent * POINTS, 2),
        text=(
            "Nothing that is known of this account sets it apart from a typical honest"
            " one; what is unknown is read as such an account's value."
        ),
        customer_safe_key=None,
        features=(),
    )


def reason_codes(catalogue: Mapping[str, Feature]) -> dict[str, tuple[str, str]]:
    """Return every reason code with its family and what it stands for."""
    codes = {
        feature.code: (feature.family, feature.label) for feature in catalogue.values()
    }
    codes[GROUP_CODE] = ("RNG", "Acts with a group")
    codes[COMPANY_CODE] = ("RNG", "Shares rare values with suspicious accounts")
    codes[MISSING_CODE] = ("DAT", "Inputs that are not known")
    return dict(sorted(codes.items()))


def _add(parts: Floats, columns: Sequence[int]) -> Floats:
    """Add up columns from left to right, so that n rows have the bits of one."""
    total = np.zeros(len(parts))
    for column in columns:
        total = total + parts[:, column]
    return total
