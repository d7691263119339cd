"""A pass in a folder, for the next one to go on from; it can always be made again."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.rings.conduct import Conduct
from ml.rings.evidence import Term
from ml.rings.judge import Judged
from ml.rings.links import Links
from ml.rings.pairs import Pairs
from ml.rings.passes import Pass
from ml.rings.place import VIEW_NAMES

if TYPE_CHECKING:
    import pyarrow as pa


def save(one: Pass, folder: Path) -> None:
    """Write a pass into a folder that exists and is empty."""
    import pyarrow as pa  # loaded with the tables
    import pyarrow.parquet as pq

    for name, columns in _columns(one).items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    judged = [
        {"members": one.members.tolist(), "terms": [asdict(term) for term in one.terms]}
        for one in one.judged
    ]
    told = {
        "as_of": one.as_of.isoformat(),
        "full_as_of": one.full_as_of.isoformat(),
        "measured": one.measured,
        "judged": judged,
    }
    (folder / "pass.json").write_text(json.dumps(told))


def _columns(one: Pass) -> dict[str, dict[str, Any]]:
    import pyarrow as pa  # loaded with the tables

    links, conduct, pairs = one.links, one.conduct, one.pairs
    return {
        "accounts": {
            "account_id": pa.array(links.account_ids, pa.string()),
            "created": links.created,
            "is_trusted": links.is_trusted,
            "requests": conduct.requests,
            "confirmed": conduct.confirmed,
            "declared": pa.array(conduct.declared, pa.string()),
            "permitted": conduct.permitted,
            "region": pa.array(conduct.region, pa.string()),
            "own": one.own,
        },
        "values": {
            "kind": pa.array(links.kind_of, pa.string()),
            "text": pa.array(links.text_of, pa.string()),
            "view": links.view_of,
            "strength": links.strength,
            "holders": links.holders,
            "trusted": links.trusted,
            "common": one.common,
        },
        "links": {"account": links.account, "value": links.value, "first": links.first},
        "pairs": {"left": pairs.left, "right": pairs.right}
        | {name: pairs.parts[:, at] for at, name in enumerate(VIEW_NAMES)},
    }


def load(folder: Path) -> Pass:
    """Read a pass; its groups are found again by the next one."""
    told = json.loads((folder / "pass.json").read_text())
    accounts, values, links, pairs = (
        _read(folder / f"{name}.parquet")
        for name in ("accounts", "values", "links", "pairs")
    )
    names = ("requests", "confirmed", "declared", "permitted", "region")
    parts = np.column_stack([pairs[name] for name in VIEW_NAMES])
    judged = [
        Judged(
            np.array(one["members"], dtype=np.int64),
            tuple(Term(**term) for term in one["terms"]),
        )
        for one in told["judged"]
    ]
    return Pass(
        datetime.fromisoformat(told["as_of"]),
        datetime.fromisoformat(told["full_as_of"]),
        told["measured"],
        _links(accounts, values, links),
        values["common"],
        Pairs(pairs["left"], pairs["right"], parts),
        Conduct(*(accounts[name] for name in names)),
        accounts["own"],
        tuple(judged),
        (),
        (),
    )


def _links(
    accounts: dict[str, Any], values: dict[str, Any], links: dict[str, Any]
) -> Links:
    return Links(
        accounts["account_id"],
        accounts["created"],
        accounts["is_trusted"],
        links["account"],
        links["value"],
        links["first"],
        values["kind"],
        values["text"],
        values["view"],
        values["strength"],
        values["holders"],
        values["trusted"],
    )


def _read(path: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq  # loaded with the tables

    table: pa.Table = pq.read_table(path)
    return {
        name: table.column(name).to_numpy(zero_copy_only=False)
        for name in table.column_names
    }
