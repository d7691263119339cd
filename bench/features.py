"""What features, scores and contributions of a whole population cost.

Wants a KYCRISK_HOME into which a world was imported. The engine's tables and all
features, as of the day before a moment with nothing kept of any day, then as of the
moment itself, and once more without what is kept, which must not change a bit. Then
margins and probabilities of all by the shipped models, and the contributions by family
beside LightGBM's bare `pred_contrib`. By the clock and in processor time, with peak
memory of this process; PostgreSQL is not counted in either. A scheduled pass over more
than a few hundred accounts computes everybody too, so it also says how many had news.
What is kept of days in KYCRISK_HOME is deleted first; it is a cache.

Example: KYCRISK_HOME=/tmp/home .venv/bin/python bench/features.py --seed 62
"""

import json
import resource
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import report
from commands import ROOT, ready, world_options
from touched import touched_since

KIB_A_GB = 1 << 20


def main() -> None:
    options = world_options(__doc__)
    ready()
    as_of = options.as_of
    frame, figures = _runs(as_of)
    figures["scores"] = _scores(frame)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    figures["peak_gb"] = round(spent.ru_maxrss / KIB_A_GB, 2)
    path = report.write("features", seed=options.seed, figures=figures)
    print(json.dumps(figures, indent=2), f"\nwritten to {path.relative_to(ROOT)}")


def _runs(as_of: datetime) -> tuple[Any, dict]:
    """Take all features of everybody on two days; return the last with its figures."""
    from apps.features.services import kept
    from apps.signals.selectors import kept_folder

    shutil.rmtree(kept_folder(), ignore_errors=True)
    _, first = _snapshots(as_of - timedelta(days=1))
    frame, figures = _snapshots(as_of)
    folder = kept_folder().rglob("*.parquet")
    size = sum(path.stat().st_size for path in folder)
    kept.LEAST_ROWS = figures["rows"]["usage"] + figures["rows"]["usage_window"] + 1
    plain, without = _snapshots(as_of)
    same = np.array_equal(frame.values, plain.values, equal_nan=True)
    return frame, {
        "first_run": first,
        "next_day": figures,
        "next_day_without_kept_sums": without,
        "equal_without_kept_sums": bool(
            same and np.array_equal(frame.has_usage, plain.has_usage)
        ),
        "kept_mb": round(size / 1e6, 1),
        "ten_million_steps_s": report.speed(),
    }


def _snapshots(as_of: datetime) -> tuple[Any, dict]:
    """Take all features of everybody; return them with sizes and seconds."""
    from apps.features.services import take_snapshots
    from apps.signals.selectors import open_engine

    began = time.process_time()
    engine, opened = _timed(lambda: open_engine(as_of=as_of))
    with engine:
        frame, computed = _timed(lambda: take_snapshots(as_of=as_of, engine=engine))
        spent = time.process_time() - began
        sizes = {
            name: engine.table(name).count().to_pyarrow().as_py()
            for name in ("usage", "usage_window", "events", "account_values")
        }
        changed = touched_since(engine.backend, as_of - timedelta(days=1))
    return frame, {
        "accounts": len(frame.account_ids),
        "with_facts_of_the_last_day": len(changed),
        "features": len(frame.names),
        "rows": sizes,
        "tables_s": opened,
        "features_s": computed,
        "together_s": round(opened + computed, 1),
        "processor_s": round(spent, 1),
    }


def _scores(frame: Any) -> dict:
    """Score everybody by the shipped model of their kind, and explain everybody."""
    from ml.explain import Explainer
    from ml.features import FEATURES, catalogue_hash
    from ml.starter.shipped import shipped

    found = {}
    for kind, chosen in (("activity", frame.has_usage), ("entry", ~frame.has_usage)):
        model = shipped(kind, catalogue=catalogue_hash())
        values = model.values(frame.rows(chosen))
        model.margins(values[:1])  # the trees are read
        margins, scored = _timed(lambda m=model, v=values: m.margins(v))
        calibration = model.manifest.calibration
        _, read = _timed(
            lambda c=calibration, m=margins: [c.probability(one) for one in m.tolist()]
        )
        catalogue = {feature.name: feature for feature in FEATURES}
        explainer = Explainer(model.manifest, catalogue)
        prediction, explained = _timed(lambda m=model, v=values: m.predict(v))
        _, summed = _timed(lambda e=explainer, p=prediction: e.families(p))
        _, bare = _timed(lambda m=model, v=values: _bare(m, v))
        found[kind] = {
            "accounts": len(values),
            "scores_s": round(scored + read, 2),
            "family_contributions_s": round(explained + summed, 2),
            "bare_pred_contrib_s": bare,
            "ratio": round((explained + summed) / bare, 2),
        }
    return found


def _bare(model: Any, values: np.ndarray) -> Any:
    full, _ = model.fill(values)
    return model._booster.predict(full, pred_contrib=True, num_threads=2)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    done = work()
    return done, round(time.perf_counter() - began, 2)


if __name__ == "__main__":
    main()
