"""What a probability and its circumstances lead to. Pure: no database, no clock.

Rules are written in CEL (Google's Common Expression Language): typed, checked when a
policy is saved, without loops or side effects. A rule that reads a missing value is
unknown, which is neither true nor false: it does not match.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from apps.decisions.choices import (
    BANDS,
    FRICTION,
    MACHINE_MAXIMUM,
    SEVERITY,
    STARTER_MAY,
    Action,
    Effect,
)
from apps.decisions.errors import PolicyError

NUMBERS = (
    "probability",
    "own_probability",
    "low",
    "high",
    "ring_probability",
    "ring_agreement",
    "ring_views",
)
_RULE_CODE = re.compile(r"^R-[A-Z0-9-]{2,20}$")


@dataclass(frozen=True, slots=True)
class Rule:
    """A named predicate; `effect` raises the action to at least, or caps it at most."""

    code: str
    expression: str
    action: str
    effect: str
    text: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Thresholds on the probability, rules, and where the bands begin.

    `thresholds` maps an action to the lowest probability that leads to it;
    `bands` are the four lower bounds of low, elevated, high and severe.
    """

    version: int
    thresholds: Mapping[str, float]
    bands: Sequence[float]
    rules: tuple[Rule, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy says of one account, and which rules had a part in it."""

    action: str
    band: str
    matched: tuple[str, ...] = field(default=())


def band_for(probability: float, bands: Sequence[float]) -> str:
    return BANDS[sum(probability >= bound for bound in bands)]


def action_for(probability: float, thresholds: Mapping[str, float]) -> str:
    """Return the most severe action whose threshold is reached."""
    reached = [name for name, bound in thresholds.items() if probability >= bound]
    return max(reached, key=SEVERITY.__getitem__, default=Action.ALLOW.value)


def verdict(
    policy: Policy,
    values: Mapping[str, float],
    *,
    degraded: bool,
    starter: bool = False,
) -> Verdict:
    """Decide from one account's values; missing values are absent or NaN.

    Caps (`at_most`) bind after raises (`at_least`). With degraded inputs the machine
    asks people instead of adding friction by itself. Under a starter model it goes no
    further than to observe and to ask for a review, whatever the policy says.
    """
    hits = [rule for rule in policy.rules if matches(rule.expression, policy, values)]
    action = action_for(values["probability"], policy.thresholds)
    action = _strongest([action, *_actions(hits, Effect.AT_LEAST)])
    action = _weakest([action, *_actions(hits, Effect.AT_MOST), MACHINE_MAXIMUM.value])
    if degraded and action in FRICTION:
        action = Action.REVIEW.value
    if starter:
        action = under_starter(action)
    codes = tuple(rule.code for rule in hits)
    return Verdict(action, band_for(values["probability"], policy.bands), codes)


def under_starter(action: str) -> str:
    """Return the severest action that a starter model may lead to, up to this one."""
    allowed = [each.value for each in STARTER_MAY if SEVERITY[each] <= SEVERITY[action]]
    return _strongest(allowed)


def matches(expression: str, policy: Policy, values: Mapping[str, float]) -> bool:
    """Evaluate one rule; false when it is false or unknown."""
    program, used = compiled(expression, policy.names)
    known = {name: values.get(name, math.nan) for name in used}
    if any(math.isnan(value) for value in known.values()):
        return False
    return program.eval(data=known).value() is True


@lru_cache(maxsize=256)
def compiled(expression: str, names: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    """Compile and type-check a rule; return its program and the names it reads.

    Raises PolicyError with the checker's own message where the rule names an unknown
    value, compares different types, or is not a yes-or-no question.
    """
    program = _environment(names)(expression)
    words = set(re.findall(r"[a-z_][a-z0-9_]*", expression))
    used = tuple(name for name in (*NUMBERS, *names) if name in words)
    return program, used


@lru_cache(maxsize=8)
def _environment(names: tuple[str, ...]) -> Any:
    # CEL is a compiled library: loaded by the processes that decide, not by all
    from cel_expr_python import cel

    variables = dict.fromkeys((*NUMBERS, *names), cel.Type.DOUBLE)
    environment = cel.NewEnv(variables=variables)

    def check(expression: str) -> Any:
        try:
            program = environment.compile(expression)
        except RuntimeError as error:
            raise PolicyError(_first_line(error)) from error
        if program.return_type() != cel.Type.BOOL:
            raise PolicyError("The rule is not a yes-or-no question; compare a value.")
        return program

    return check


def check_policy(policy: Policy) -> None:
    """Raise PolicyError unless every threshold and rule can be used as written."""
    unknown = set(policy.thresholds) - set(SEVERITY)
    if unknown:
        raise PolicyError(f"Unknown action {min(unknown)!r} in the thresholds.")
    bounds = [*policy.thresholds.values(), *policy.bands]
    if not all(0 <= bound <= 1 for bound in bounds):
        raise PolicyError("Thresholds and bands are probabilities between 0 and 1.")
    if len(policy.bands) != len(BANDS) - 1 or list(policy.bands) != sorted(
        policy.bands
    ):
        raise PolicyError("Give four band bounds in rising order.")
    for rule in policy.rules:
        _check_rule(rule, policy.names)
    codes = [rule.code for rule in policy.rules]
    if len(set(codes)) != len(codes):
        raise PolicyError("Two rules share a code; give each its own.")


def _check_rule(rule: Rule, names: tuple[str, ...]) -> None:
    if not _RULE_CODE.match(rule.code):
        raise PolicyError("A rule code looks like R-PROXY: R- and capital letters.")
    if rule.action not in SEVERITY:
        raise PolicyError(f"Rule {rule.code} names an unknown action.")
    if rule.effect not in {effect.value for effect in Effect}:
        raise PolicyError(f"Rule {rule.code}: effect is at_least or at_most.")
    if rule.action == Action.SUSPEND and rule.effect == Effect.AT_LEAST.value:
        raise PolicyError(f"Rule {rule.code}: only people suspend; use hold or review.")
    try:
        compiled(rule.expression, names)
    except PolicyError as error:
        raise PolicyError(f"Rule {rule.code}: {error.detail}") from error


def _actions(hits: Iterable[Rule], effect: Effect) -> list[str]:
    return [rule.action for rule in hits if rule.effect == effect.value]


def _strongest(actions: Sequence[str]) -> str:
    return max(actions, key=SEVERITY.__getitem__)


def _weakest(actions: Sequence[str]) -> str:
    return min(actions, key=SEVERITY.__getitem__)


def _first_line(error: Exception) -> str:
    line = str(error).splitlines()[0]
    return line.partition("ERROR: ")[2] or line
