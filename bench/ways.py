"""What a site's labels teach: the starter's trees, more after them, or trees anew.

Wants the folder of a `benchmark hydra` run, which keeps a home for the world that
models were trained on and for each world that was scored. Rows to learn from are those
of `train` on day 70; every way then answers for the scored worlds on their last day,
accounts in use, trees alone, without the ring's part, threshold at 1 % of the honest of
that day. Beside it the gain over the starter on later labels, by which `train` chooses.
Writes bench/results/ways.json.

Example: .venv/bin/python bench/ways.py ~/.kycrisk/benchmark/nano-main-0123456789

"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import report

sys.path.insert(0, str(Path(__file__).parent.parent))
from ml import choose, dataset, evaluate
from ml import train as training
from ml.benchmark import read_truth
from ml.features import FEATURES, catalogue_hash
from ml.frames import FeatureFrame
from ml.history import mutable_features
from ml.model import RiskModel
from ml.simulate.clock import DAYS, DEFAULT_END
from ml.starter.shipped import shipped

KIND, TRAINED = "activity", DEFAULT_END - timedelta(days=DAYS - 70)
RATE = 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="the folder of one benchmark run")
    run = parser.parse_args().run
    rows = _in_home(run / "train" / "home", _rows)
    config = training.TrainConfig(
        kind=KIND,
        features=list(FEATURES),
        mutable=mutable_features(FEATURES),
        cutoff=TRAINED,
        seed=0,
        prior=shipped(KIND, catalogue=catalogue_hash()),
    )
    models, gains = _models(rows, config)
    figures: dict[str, Any] = {"labelled_abuse": rows.positives, "gains": gains}
    for name, gain in gains.items():
        print(f"{name:6} gains {gain[0]:+.4f}, standard error {gain[1]:.4f}")
    for folder in sorted(run.glob("seed-*")):
        frame = _in_home(folder / "home", _frame)
        truth = {one.account_id: one for one in read_truth(folder / "world" / "truth")}
        figures[folder.name] = {}
        for way, model in models.items():
            found = _judged(model, frame, truth)
            figures[folder.name][way] = found
            told = "  ".join(f"{name} {value:.3f}" for name, value in found.items())
            print(f"{folder.name} {way:6} {told}")
    print(report.write("ways", seed=0, figures=figures))


def _models(
    rows: dataset.TrainingRows, config: training.TrainConfig
) -> tuple[dict[str, RiskModel], dict[str, tuple[float, float]]]:
    """Return one model of each way, and how much less it loses than the starter."""
    rows = dataset.without_history(rows, config.mutable)
    tried = training.attempts(rows, config, dataset.split_by_time(rows))
    models, gains = {}, {}
    for one in tried:
        text = training.grow(one.values, rows, one.features, one.config)
        models[one.config.way] = training.bare_model(
            one.config, rows, one.features, one.excluded, text
        )
        if one.losses and tried[0].losses:
            gains[one.config.way] = choose.gain(one.losses, tried[0].losses)
    return models, gains


def _judged(model: RiskModel, frame: FeatureFrame, truth: Any) -> dict[str, float]:
    people = [truth.get(name) for name in frame.account_ids]
    honest = np.array([one is not None and one.honest for one in people])
    level = np.array([one.level or "" if one else "" for one in people])
    margins = model.margins(model.values(frame))
    ring, asked = level != "", honest | (level != "")
    labels, ones = ring[asked].astype(float), np.ones(int(asked.sum()))
    limit = evaluate.threshold_at(margins[honest], RATE, np.ones(int(honest.sum())))
    found = {
        "roc_auc": evaluate.roc_auc(labels, margins[asked]),
        "pr_auc": evaluate.pr_auc(labels, margins[asked], ones),
    }
    for name in sorted(set(level) - {""}):
        found[name] = float((margins[level == name] > limit).mean())
    return found


def _in_home(home: Path, question: Any) -> Any:
    """Ask in a process whose settings are those of another home."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_asked, str(home), question).result()


def _asked(home: str, question: Any) -> Any:
    os.environ["KYCRISK_HOME"] = home
    from commands import ready

    ready()
    return question()


def _rows() -> dataset.TrainingRows:
    from apps.core.progress import Silent
    from apps.scoring.services.examples import facts_at, snapshots
    from apps.signals.selectors import open_engine

    with open_engine(as_of=TRAINED) as engine:
        facts = facts_at(engine, TRAINED)
    return snapshots(facts, [KIND], Silent())[KIND]


def _frame() -> FeatureFrame:
    """Return the stored features of all accounts in use on the last scored day."""
    from apps.scoring.models import Score

    last = Score.objects.order_by("-as_of").values_list("as_of", flat=True)[0]
    found = Score.objects.filter(as_of=last, model__kind=KIND)
    rows = list(found.values_list("account__account_id", "features"))
    names = tuple(found[0].model.manifest["columns"])
    values = np.array([features for _, features in rows])
    ids = tuple(name for name, _ in rows)
    return FeatureFrame(ids, names, values, np.ones(len(ids), bool), catalogue_hash())


if __name__ == "__main__":
    main()
