import base64
import threading
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from kycrisk import env
from kycrisk.keys import Keyring

KEY = base64.b64encode(bytes(32)).decode()


def test_a_database_url_is_taken_apart() -> None:
    found = env.database("postgresql://jane:p%40ss@db.example:6543/risk")
    assert (found["USER"], found["PASSWORD"]) == ("jane", "p@ss")
    assert (found["HOST"], found["PORT"], found["NAME"]) == (
        "db.example",
        "6543",
        "risk",
    )


def test_a_database_url_may_name_a_socket_folder() -> None:
    found = env.database("postgresql://jane:x@/risk?host=%2Frun%2Fpg&port=5432")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("/run/pg", "5432", "risk")


def test_another_database_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="PostgreSQL 15"):
        env.database("mysql://x/y")


def test_a_choice_is_one_of_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE", "staging")
    with pytest.raises(ImproperlyConfigured, match="demo, test"):
        env.choice("SAMPLE", ("demo", "test"), "demo")


def test_a_secret_is_made_once_and_kept_closed(tmp_path: Path) -> None:
    ring = Keyring(folder=tmp_path / "keys", invent=True)
    first = ring.secret("SAMPLE")
    assert ring.secret("SAMPLE") == first
    assert len(first) == 32
    assert (tmp_path / "keys" / "SAMPLE").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_processes_that_start_together_agree_on_a_secret(tmp_path: Path) -> None:
    found: list[bytes] = []

    def read() -> None:
        found.append(Keyring(folder=tmp_path, invent=True).secret("SAMPLE"))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_production_invents_nothing(tmp_path: Path) -> None:
    ring = Keyring(folder=tmp_path, invent=False)
    with pytest.raises(ImproperlyConfigured, match="SAMPLE is missing"):
        ring.secret("SAMPLE")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["not base64!", base64.b64encode(b"short").decode()])
def test_a_bad_secret_is_refused_without_showing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SAMPLE", value)
    with pytest.raises(ImproperlyConfigured) as caught:
        Keyring(folder=tmp_path, invent=True).secret("SAMPLE")
    assert value not in str(caught.value)


def test_several_keys_are_read_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMPLE", f"2:{KEY},1:{KEY}")
    found = Keyring(folder=tmp_path, invent=False).secrets("SAMPLE")
    assert list(found) == ["2", "1"]
