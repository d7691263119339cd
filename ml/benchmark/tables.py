"""Two public fraud tables, for comparison with published figures; users supply files.

Neither is a record of API accounts, and nothing of the product learns from them: they
say what plain trees of this house reach where others have printed numbers. The files
are never part of the project (the first has no licence).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml import evaluate
from ml.benchmark.baselines import PLAIN

_TRAINED_SHARE: Final = 0.8
_ECOMMERCE: Final = {
    "user_id": pl.Int64, "signup_time": pl.String, "purchase_time": pl.String,
    "purchase_value": pl.Float64, "device_id": pl.String, "source": pl.String,
    "browser": pl.String, "sex": pl.String, "age": pl.Float64,
    "ip_address": pl.Float64, "class": pl.Int64,
}  # fmt: skip
_STATIC: Final = ("purchase_value", "source", "browser", "age", "time_since_signup")
_HISTORY: Final = ("device_before", "device_pause", "device_signup_pause")
_DAY_S: Final = 86_400
_TRAIN_MONTHS: Final = 6
# -1 says that nothing is known of these; of the balance any negative number does
_UNKNOWN_BELOW_ZERO: Final = (
    "prev_address_months_count", "current_address_months_count",
    "intended_balcon_amount", "bank_months_count", "session_length_in_minutes",
    "device_distinct_emails_8w",
)  # fmt: skip
_OLDER: Final = 50
_TREES: Final = 200


class TableError(ValueError):
    """The file is not the table it was said to be; says which column is missing."""


@dataclass(frozen=True, slots=True)
class Split:
    """A table cut by its published protocol: inputs, labels, and where each row goes.

    `groups` holds, for tables with a protected attribute, the group of each row.
    """

    columns: tuple[str, ...]
    values: NDArray[np.float64]
    labels: NDArray[np.bool_]
    train: NDArray[np.bool_]
    categorical: tuple[str, ...] = ()
    groups: NDArray[np.bool_] | None = None

    def only(self, columns: tuple[str, ...]) -> "Split":
        """Return the same rows with some of the inputs."""
        at = [self.columns.index(name) for name in columns]
        kept = tuple(name for name in self.categorical if name in columns)
        return replace(
            self, columns=columns, values=self.values[:, at], categorical=kept
        )


def ecommerce(path: Path) -> Split:
    """Read the e-commerce fraud table as the Fraud Dataset Benchmark does.

    Rows stand by purchase; the first 80 % train (arXiv 2208.14417). Its feature
    `time_since_signup` keeps only the seconds within the day, as its code does;
    `whole_time_since_signup` is the time itself. Beside them stand what an account
    service would know: how often the device was seen before, how long ago it bought,
    and how long ago it signed up another account. None looks ahead, none reads labels.
    """
    rows = _read(path, _ECOMMERCE)
    rows = rows.with_columns(
        pl.col("signup_time", "purchase_time").str.to_datetime("%Y-%m-%d %H:%M:%S")
    ).sort("purchase_time", maintain_order=True)
    since = pl.col("purchase_time") - pl.col("signup_time")
    rows = rows.with_columns(
        whole_time_since_signup=since.dt.total_seconds(),
        time_since_signup=since.dt.total_seconds() % _DAY_S,
        device_before=pl.int_range(pl.len()).over("device_id"),
        device_pause=_pause("purchase_time"),
        device_signup_pause=_pause("signup_time"),
    )
    columns = (*_STATIC, "whole_time_since_signup", *_HISTORY)
    train = np.arange(len(rows)) < int(_TRAINED_SHARE * len(rows))
    return _split(rows, columns, "class", train, ("source", "browser"))


def ecommerce_variants() -> dict[str, tuple[str, ...]]:
    """Return which inputs each published or own row of figures uses."""
    whole = tuple(
        "whole_time_since_signup" if name == "time_since_signup" else name
        for name in _STATIC
    )
    return {
        "as published, without addresses": _STATIC,
        "the whole time since sign-up": whole,
        "and the device's past": (*_STATIC, *_HISTORY),
    }


def _pause(column: str) -> pl.Expr:
    """Return seconds since the device's row before; null for its first."""
    return pl.col(column).diff().over("device_id").dt.total_seconds()


def bank_accounts(path: Path) -> Split:
    """Read a variant of Bank Account Fraud: six months train, two test (NeurIPS 2022).

    Unknown values are missing. The protected group is of customers above 50.
    """
    rows = _read(
        path, {"fraud_bool": pl.Int64, "month": pl.Int64, "customer_age": None}
    )
    unknown = [name for name in _UNKNOWN_BELOW_ZERO if name in rows.columns]
    rows = rows.with_columns(
        pl.when(pl.col(name) < 0).then(None).otherwise(pl.col(name)).alias(name)
        for name in unknown
    )
    columns = tuple(
        name for name in rows.columns if name not in {"fraud_bool", "month"}
    )
    words = tuple(name for name in columns if rows.schema[name] == pl.String)
    train = (rows["month"] < _TRAIN_MONTHS).to_numpy()
    found = _split(rows, columns, "fraud_bool", train, words)
    return replace(found, groups=(rows["customer_age"] > _OLDER).to_numpy())


def _read(path: Path, columns: dict[str, Any]) -> pl.DataFrame:
    rows = pl.read_csv(path, infer_schema_length=10_000)
    if missing := [name for name in columns if name not in rows.columns]:
        raise TableError(f"{path.name} has no column {missing[0]}: is it this table?")
    given = {name: kind for name, kind in columns.items() if kind is not None}
    return rows.with_columns(pl.col(name).cast(kind) for name, kind in given.items())


def _split(
    rows: pl.DataFrame,
    columns: tuple[str, ...],
    label: str,
    train: NDArray[np.bool_],
    words: tuple[str, ...],
) -> Split:
    """Give each word of a column a number, in their order; NaN is missing."""
    coded = rows.with_columns(
        pl.col(name).rank("dense").cast(pl.Float64) for name in words
    )
    values = coded.select(pl.col(columns).cast(pl.Float64)).fill_null(np.nan)
    return Split(
        columns, values.to_numpy(), (rows[label] == 1).to_numpy(), train, words
    )


def score(split: Split) -> NDArray[np.float64]:
    """Train on the rows for it; return margins of the others, in their order."""
    import lightgbm as lgb  # slow to load

    train = split.train
    data = lgb.Dataset(
        split.values[train],
        split.labels[train].astype(float),
        feature_name=list(split.columns),
        categorical_feature=list(split.categorical),
    )
    model = lgb.train(dict(PLAIN), data, _TREES)
    return np.asarray(model.predict(split.values[~train], raw_score=True), float)


def figures(
    split: Split, margins: NDArray[np.float64], rate: float
) -> dict[str, float]:
    """Return areas, and recall where `rate` of the honest test rows is flagged.

    Recall is read off the curve between its points, as the published figures are. With
    groups, also the least of their false-positive rates over the greatest.
    """
    labels = split.labels[~split.train]
    found = {
        "roc_auc": evaluate.roc_auc(labels.astype(float), margins),
        "pr_auc": evaluate.pr_auc(labels.astype(float), margins),
        "recall": _recall(labels, margins, rate),
    }
    if split.groups is not None:
        test = split.groups[~split.train]
        found["group_ratio"] = _group_ratio(test[~labels], margins[~labels], rate)
    return found


def _recall(
    labels: NDArray[np.bool_], margins: NDArray[np.float64], rate: float
) -> float:
    order = np.argsort(-margins, kind="stable")
    last = np.flatnonzero(np.append(np.diff(margins[order]) != 0, True))
    caught = np.append(0, np.cumsum(labels[order])[last]) / labels.sum()
    wrong = np.append(0, np.cumsum(~labels[order])[last]) / (~labels).sum()
    return float(np.interp(rate, wrong, caught))


def _group_ratio(
    group: NDArray[np.bool_], margins: NDArray[np.float64], rate: float
) -> float:
    """Return the ratio of the false-positive rates of honest rows in two groups."""
    flagged = margins > evaluate.threshold_at(margins, rate)
    rates = [float(flagged[group].mean()), float(flagged[~group].mean())]
    return min(rates) / max(rates) if max(rates) > 0 else float("nan")


TABLES: Final[dict[str, tuple[Callable[[Path], Split], float]]] = {
    "ecommerce": (ecommerce, 0.01),
    "bank-accounts": (bank_accounts, 0.05),
}
