import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from ml.simulate import simulate


@dataclass(frozen=True)
class World:
    folder: Path

    def table(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.folder / "bundle" / f"{name}.parquet")

    def truth(self, name: str = "accounts") -> pl.DataFrame:
        return pl.read_parquet(self.folder / "truth" / f"{name}.parquet")

    def summary(self) -> dict:
        return json.loads((self.folder / "truth" / "world.json").read_text())


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    simulate(folder, "tiny", 5)
    return World(folder)


@pytest.fixture(scope="session")
def nano(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nano")
    simulate(folder, "nano", 5)
    return World(folder)


@pytest.fixture(scope="session")
def ladder(tmp_path_factory):
    """Return a small world that has every level."""
    folder = tmp_path_factory.mktemp("ladder")
    simulate(folder, "ladder", 5)
    return World(folder)
