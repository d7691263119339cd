"""How well listed names are told from others, on the published lists.

Reads labelled pairs of names, the UN list and the names of network operators
(KYCRISK_SHARED_DATA, ../shared/data by default); needs no database. A quarter of the
listed names is looked up as written, with the first word last, and with one letter
missing; operators of networks, none of whom is listed, say how often it cries wolf.

Example: .venv/bin/python bench/names.py
"""

import csv
from pathlib import Path

import numpy as np
import pyarrow.csv as pa_csv
import report
from commands import published, ready
from scipy.stats import mannwhitneyu

SEED = 1
LISTED_STEP, OPERATOR_STEP = 4, 30


def main() -> None:
    ready(database=False)
    shared = published()
    figures = {
        "pairs": pairs(shared / "sanctions/nomenklatura_name_bench_cases.csv"),
        "un": listed(
            shared / "sanctions/un_consolidated.xml.gz",
            shared / "ip_intel/asn_names.csv.gz",
        ),
    }
    print(figures)
    print(report.write("names", seed=SEED, figures=figures))


def pairs(path: Path) -> dict:
    """Compare the pairs: AUC over all thresholds, and the product's own threshold."""
    from apps.reference.services.names import similarity, tokens
    from apps.reference.services.watchlist import THRESHOLD

    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    likeness = np.array(
        [similarity(tokens(row["name1"]), tokens(row["name2"])) for row in rows]
    )
    same = np.array([row["is_match"] == "true" for row in rows])
    larger = mannwhitneyu(likeness[same], likeness[~same]).statistic
    hits = likeness >= THRESHOLD
    return {
        "pairs": len(rows),
        "auc": round(float(larger / same.sum() / (~same).sum()), 4),
        "threshold": THRESHOLD,
        "recall": round(float(hits[same].mean()), 4),
        "precision": round(float(same[hits].mean()), 4),
    }


def listed(path: Path, operators: Path) -> dict:
    """Look listed names up in three spellings, and names that are not listed."""
    from apps.reference.services import sanctions
    from apps.reference.services.draft import Draft, compiled
    from apps.reference.services.watchlist import Watchlist

    draft = Draft()
    sanctions.read_un(draft, path)
    columns = compiled(draft)["sanctions"]
    ids, names = columns["ids"].tolist(), columns["names"].tolist()
    lists = Watchlist(ids, names)
    chosen, entries = names[::LISTED_STEP], ids[::LISTED_STEP]
    draw = np.random.default_rng(SEED)
    spellings = {
        "as_written": chosen,
        "first_word_last": [" ".join([*n.split()[1:], n.split()[0]]) for n in chosen],
        "a_letter_missing": [without_one(name, draw) for name in chosen],
    }
    others = pa_csv.read_csv(operators).column("org").to_pylist()[::OPERATOR_STEP]
    taken = [bool(hits) for hits in lists.screen([str(one) for one in others])]
    return {
        "names": len(names),
        "looked_up": len(chosen),
        "recall": {
            spelling: recall(entries, lists.screen(given))
            for spelling, given in spellings.items()
        },
        "operators": len(others),
        "operators_taken_for_listed": round(float(np.mean(taken)), 5),
    }


def recall(entries: list[str], screened: list) -> float:
    found = [
        entry in {hit.entry_id for hit in hits}
        for entry, hits in zip(entries, screened, strict=True)
    ]
    return round(float(np.mean(found)), 4)


def without_one(name: str, draw: np.random.Generator) -> str:
    at = int(draw.integers(len(name)))
    return name[:at] + name[at + 1 :]


if __name__ == "__main__":
    main()
