"""How well probabilities are calibrated weeks after a site audited 3,000 accounts.

Reads the worlds that `manage.py build_starter DIR` keeps; the four that are held out
make one site. Accounts drawn by chance are audited four weeks before the end, `train`'s
reading of the shipped models is fitted to them, and everybody who was not audited is
asked about at the end. Abuse is thinned to a rate; accounts of one ring
may stand on both sides. The adaptive calibration error is the mean gap of said and
seen; the top is the highest 1 % and 0.1 % of accounts. Beside it the starter as it is.
Writes bench/results/audits.json.

Example: .venv/bin/python bench/audits.py /tmp/worlds --repeats 20
"""

import argparse
from pathlib import Path

import numpy as np
import report
from calibrators import HELD_OUT, RATES, Floats, everybody, mean_of

from ml import calibrate, evaluate
from ml.calibrate import Calibration, HeldOut
from ml.features import catalogue_hash
from ml.model import RiskModel
from ml.starter import audits, build, worlds
from ml.starter.shipped import shipped
from ml.starter.worlds import Moment, World

AUDITED = 3000
AUDIT_WEEKS, ASKED_WEEKS = 4, 0  # before the end of the worlds
TOPS = (0.01, 0.001)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worlds", type=Path)
    parser.add_argument("--repeats", type=int, default=20)
    given = parser.parse_args()
    paths = sorted(given.worlds.glob("*.npz"))[-HELD_OUT:]
    site = [worlds.load(path) for path in paths]
    figures = []
    for rate in RATES:
        found = [_once(site, rate, repeat) for repeat in range(given.repeats)]
        row = {name: round(mean_of(found, name), 4) for name in found[0]}
        figures.append({"rate": rate, "draws": len(found)} | row)
        print(figures[-1])
    print(report.write("audits", seed=0, figures={"sites": figures}))


def _once(site: list[World], rate: float, repeat: int) -> dict[str, float]:
    """Audit, read again and ask, with both models, as the product does."""
    rng = np.random.default_rng([repeat, AUDITED])
    kept = _kept(site, rate, rng)
    known = kept & _known(site, AUDIT_WEEKS)
    drawn = set(rng.permutation(sorted(known))[:AUDITED].tolist())
    said: dict[str, list[Floats]] = {"starter": [], "audited": []}
    labels = []
    for kind in ("entry", "activity"):
        model = shipped(kind, catalogue=catalogue_hash())
        audit = _asked(model, site, kind, AUDIT_WEEKS, drawn)
        rest = _asked(model, site, kind, ASKED_WEEKS, kept - drawn)
        before = model.manifest.calibration
        abuse = int(audit.labels.sum())
        after = audits.reread(before, audit, min(abuse, len(audit.labels) - abuse))
        labels.append(rest.labels)
        for name, one in (("starter", before), ("audited", after)):
            said[name].append(_read(one, rest.margins))
    seen = np.concatenate(labels)
    return {"audited": len(drawn), "asked": len(seen)} | {
        f"{name} {figure}": value
        for name, parts in said.items()
        for figure, value in _figures(seen, np.concatenate(parts)).items()
    }


def _kept(site: list[World], rate: float, rng: np.random.Generator) -> set[str]:
    """Return the accounts that make the site: all honest ones, and a share of abuse."""
    honest: list[str] = []
    abusive: list[str] = []
    for world in site:
        rows = build.rows_of(world, everybody(world.moments["activity"][-1]))
        for name, target in zip(rows.frame.account_ids, rows.targets, strict=True):
            (abusive if target else honest).append(name)
    wanted = round(len(honest) * rate / (1.0 - rate))
    return {*honest, *rng.permutation(abusive)[:wanted].tolist()}


def _asked(
    model: RiskModel, site: list[World], kind: str, weeks: int, chosen: set[str]
) -> HeldOut:
    """Return margins and labels of the chosen accounts that this model answers for."""
    margins, labels = [], []
    for world in site:
        rows = build.rows_of(world, everybody(_moment(world, weeks)))
        mine = rows.frame.has_usage == (kind == "activity")
        rows = rows.rows(mine & rows.frame.among(chosen))
        margins.append(model.margins(model.values(rows.frame)))
        labels.append(rows.targets)
    joined = np.concatenate(margins)
    ones = np.ones(len(joined))
    folds = np.arange(len(joined)) % calibrate.FOLDS
    return HeldOut(joined, np.concatenate(labels), ones, folds, ones)


def _known(site: list[World], weeks: int) -> set[str]:
    """Return the accounts that were there some weeks before the end."""
    return {
        f"{world.seed} {name}"
        for world in site
        for name in _moment(world, weeks).frame.account_ids
    }


def _moment(world: World, weeks: int) -> Moment:
    return next(one for one in world.moments["activity"] if one.back == weeks)


def _read(calibration: Calibration, margins: Floats) -> Floats:
    return np.array([calibration.probability(one) for one in margins.tolist()])


def _figures(seen: Floats, said: Floats) -> dict[str, float]:
    """Return the calibration error, and what was said and seen at the top."""
    found = {"error": evaluate.calibration_error(seen, said)}
    order = np.argsort(-said, kind="stable")
    for top in TOPS:
        first = order[: max(1, round(top * len(said)))]
        found[f"said of top {top:.1%}"] = float(said[first].mean())
        found[f"seen in top {top:.1%}"] = float(seen[first].mean())
    return found


if __name__ == "__main__":
    main()
