"""Plain aggregates of one account at a time, for baselines and for audits of a world.

They are what a first system would compute: volumes, tokens, hours, networks, sign-up
and, apart from the rest, how many others share a value. Nothing here is a feature of
the product.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

CATEGORIES: Final = (
    "chat", "code", "reasoning", "grading", "tools", "vision", "extraction",
)  # fmt: skip
SHARED: Final = (
    "signup_ip", "signup_device_id", "payment_fingerprint", "phone", "address_line",
    "signup_ja4", "org_domain",
)  # fmt: skip
_MORNING, _FRIDAY, _OK = 6, 5, 200


@dataclass(frozen=True, slots=True)
class Aggregates:
    """One row an account that had been opened by then, by account id; NaN is absent."""

    account_ids: list[str]
    names: tuple[str, ...]
    values: NDArray[np.float64]

    def column(self, name: str) -> NDArray[np.float64]:
        return np.asarray(self.values[:, self.names.index(name)])


def aggregates(bundle: Path, as_of: datetime) -> Aggregates:
    """Return the aggregates of a bundle's accounts as known at `as_of`."""
    frame = _signups(bundle, as_of)
    for part in (
        _usage(bundle, as_of),
        _windows(bundle, as_of),
        _events(bundle, as_of),
    ):
        frame = frame.join(part, on="account_id", how="left")
    frame = frame.sort("account_id")
    names = tuple(name for name in frame.columns if name != "account_id")
    values = frame.select(pl.col(names).cast(pl.Float64)).fill_null(np.nan).to_numpy()
    return Aggregates(frame["account_id"].to_list(), names, values)


def _signups(bundle: Path, as_of: datetime) -> pl.DataFrame:
    rows = pl.read_parquet(bundle / "accounts.parquet")
    rows = rows.filter(pl.col("valid_from") <= as_of).sort("valid_from")
    last = rows.group_by("account_id", maintain_order=True).last()
    domain = pl.col("email").str.split("@").list.last()
    shared = [
        pl.when(pl.col(name).is_not_null())
        .then(pl.len().over(name))
        .otherwise(1)
        .alias(f"sharing_{name}")
        for name in SHARED
    ]
    return last.select(
        "account_id",
        (as_of - pl.col("created_at")).dt.total_hours().alias("age_h"),
        pl.col("signup_form_ms").alias("form_ms"),
        *(_same(name) for name in ("contract", "email_verified", "phone_verified")),
        (pl.col("kind") == "organization").alias("organization"),
        (pl.col("permitted_scope").is_not_null()).alias("permitted"),
        pl.col("payment_funding").is_in(["prepaid", "virtual"]).alias("bought_card"),
        (pl.col("payment_country") != pl.col("declared_country")).alias("card_abroad"),
        (pl.col("country") != pl.col("declared_country")).alias("address_abroad"),
        pl.len().over(domain).cast(pl.Float64).log().alias("mail_domain_ln"),
        pl.col("payment_bin").is_null().alias("no_card"),
        *shared,
    )


def _same(name: str) -> pl.Expr:
    return pl.col(name).alias(name)


def _usage(bundle: Path, as_of: datetime) -> pl.DataFrame:
    rows = pl.scan_parquet(bundle / "usage.parquet")
    rows = rows.filter(pl.col("occurred_at") <= as_of)
    hour, day = pl.col("occurred_at").dt.hour(), pl.col("occurred_at").dt.date()
    gap = pl.col("occurred_at").diff().dt.total_seconds()
    distinct = ("ip", "client", "model", "key_id", "scaffold", "params", "end_user",
                "conversation_id", "language_bucket", "surface")  # fmt: skip
    return (
        rows.group_by("account_id")
        .agg(
            pl.len().alias("rows"),
            day.n_unique().alias("days"),
            (
                (
                    pl.col("occurred_at").max() - pl.col("occurred_at").min()
                ).dt.total_hours()
                / 24
            ).alias("span_days"),
            hour.n_unique().alias("hours_used"),
            (hour < _MORNING).mean().alias("early"),
            (pl.col("occurred_at").dt.weekday() > _FRIDAY).mean().alias("weekend"),
            gap.median().alias("gap_median"),
            (gap.std() / (gap.mean() + 1)).alias("gap_cv"),
            *(pl.col(name).n_unique().alias(f"n_{name}") for name in distinct),
            (pl.col("scaffold").n_unique() / pl.len()).alias("scaffolds_a_row"),
            (pl.col("ip").n_unique() / pl.len()).alias("ips_a_row"),
            pl.col("scaffold").is_not_null().mean().alias("wrapped"),
            pl.col("filler").list.first().n_unique().truediv(pl.len()).alias("novelty"),
            *_tokens(),
            *(
                (pl.col("category") == one).mean().alias(f"cat_{one}")
                for one in CATEGORIES
            ),
            *_odds(),
        )
        .with_columns((pl.col("rows") / pl.col("days")).alias("rows_a_day"))
        .collect()
    )


def _tokens() -> list[pl.Expr]:
    found = []
    for side in ("input_tokens", "output_tokens"):
        logs = (pl.col(side) + 1).log()
        found += [logs.mean().alias(f"{side}_ln"), logs.std().alias(f"{side}_sd")]
    return [*found, pl.col("max_tokens").is_not_null().mean().alias("limited")]


def _odds() -> list[pl.Expr]:
    return [
        (pl.col("status") != _OK).mean().alias("failing"),
        (pl.col("elicits") != "none").mean().alias("elicits"),
        (pl.col("safety") != "none").mean().alias("refused"),
        (pl.col("tools") > 0).mean().alias("with_tools"),
        pl.col("schema").is_not_null().mean().alias("with_schema"),
        pl.col("end_user").is_not_null().mean().alias("with_end_user"),
        pl.col("signature_seen").is_not_null().mean().alias("signature_seen"),
        (pl.col("turn") > 1).mean().alias("later_turns"),
        (pl.col("model") == "corvid-3").mean().alias("newest_model"),
        (pl.col("model") == "corvid-1").mean().alias("oldest_model"),
    ]


def _windows(bundle: Path, as_of: datetime) -> pl.DataFrame:
    rows = pl.scan_parquet(bundle / "usage_window.parquet")
    rows = rows.filter(pl.col("window_start") <= as_of)
    return (
        rows.group_by("account_id")
        .agg(
            pl.len().alias("window_hours"),
            pl.col("requests").sum().alias("window_requests"),
            pl.col("requests").std().truediv(pl.col("requests").mean()).alias("w_cv"),
        )
        .collect()
    )


def _events(bundle: Path, as_of: datetime) -> pl.DataFrame:
    rows = pl.scan_parquet(bundle / "events.parquet")
    rows = rows.filter(pl.col("occurred_at") <= as_of)
    names = ("login", "payment.succeeded", "payment.failed", "support.contact")
    return (
        rows.group_by("account_id")
        .agg((pl.col("type") == name).sum().alias(f"events_{name}") for name in names)
        .collect()
    )
