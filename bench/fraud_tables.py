"""Plain trees on a public fraud table, beside its published figures.

Whoever runs this supplies the files. `ecommerce` is Kaggle's Fraud_Data.csv by the
protocol of the Fraud Dataset Benchmark (the first 80 % by time train; published AUC of
static features .515 to .522, Amazon's own system .636 with .099 recall at 1 %).
`bank-accounts` is a variant of Bank Account Fraud, such as Base.csv (published recall
about .55 at 5 %, ratio of false positives by age about .33). Writes
bench/results/fraud-tables.json.

Example:
    .venv/bin/python bench/fraud_tables.py ecommerce Fraud_Data.csv

"""

import argparse
import sys
from pathlib import Path

import report

sys.path.insert(0, str(Path(__file__).parent.parent))
from ml.benchmark import tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", choices=tables.TABLES)
    parser.add_argument("file", type=Path)
    asked = parser.parse_args()
    read, rate = tables.TABLES[asked.table]
    try:
        split = read(asked.file)
    except (tables.TableError, OSError) as problem:
        sys.exit(str(problem))
    rows = {"all inputs": split.columns}
    if asked.table == "ecommerce":
        rows = tables.ecommerce_variants()
    found = {}
    for name, columns in rows.items():
        part = split.only(columns)
        found[name] = tables.figures(part, tables.score(part), rate)
        told = "  ".join(f"{one} {value:.3f}" for one, value in found[name].items())
        print(f"{name:34} {told}")
    sizes = {"train": int(split.train.sum()), "test": int((~split.train).sum())}
    print(f"{sizes['train']:,} rows to train, {sizes['test']:,} to test")
    figures = {"table": asked.table, "rate": rate, **sizes, "rows": found}
    print(report.write("fraud-tables", seed=1, figures=figures))


if __name__ == "__main__":
    main()
