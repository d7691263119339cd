"""A card or a device that people of one home share is no link; from afar it is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from ml.features import compute
from ml.frames import FeatureFrame
from tests.canonical import backend

T = datetime(2026, 3, 1, tzinfo=UTC)
CARD, DEVICE = "shared_card_count_90d", "shared_device_count_90d"
FARM = 9


def account(name: str, line: str | None) -> dict[str, Any]:
    opened = T - timedelta(days=20)
    return {"account_id": name, "created_at": opened, "signup_ip_class": line}


def held(name: str, **shown: str) -> Iterator[dict[str, Any]]:
    for kind, value in shown.items():
        seen = T - timedelta(days=20)
        yield {"account_id": name, "kind": kind, "value": value, "seen_at": seen}


def later(name: str, net: str) -> dict[str, Any]:
    """Return a network in which an account made a key a day after its sign-up."""
    seen = T - timedelta(days=19)
    return {"account_id": name, "kind": "net", "value": net, "seen_at": seen}


def people() -> dict[str, tuple[str | None, dict[str, str]]]:
    """Return by name the class of the line and what the account showed."""
    found: dict[str, tuple[str | None, dict[str, str]]] = {
        "mother": ("residential", {"card": "c1", "device": "d1", "net": "flat"}),
        "father": ("residential", {"card": "c1", "device": "d1", "net": "flat"}),
        "student": ("residential", {"card": "c1", "net": "hall"}),
        "phone": ("mobile", {"device": "d2", "net": "carrier"}),
        "tablet": ("mobile", {"device": "d2", "net": "carrier"}),
        "unread": (None, {"card": "c3", "net": "flat"}),  # no tables are loaded
        "read": ("residential", {"card": "c3", "net": "flat"}),
        "nowhere": (None, {"card": "c6"}),
    }
    for number in range(4):
        rented = {"card": "c2", "device": "d3", "net": "rack"}
        found[f"server{number}"] = ("hosting", rented)
        through = {"card": "c4", "device": "d4", "net": f"home{number}"}
        found[f"proxy{number}"] = ("residential", through)
        # whose sign-ups came from everywhere, and keys from one server
        found[f"keys{number}"] = ("residential", {"card": "c7", "net": f"line{number}"})
        found[f"nobody{number}"] = (None, {"card": "c6"})
    for number in range(FARM):
        found[f"farm{number}"] = ("residential", {"device": "d5", "net": "barn"})
    return found


def known_at(moment: datetime) -> FeatureFrame:
    told = people()
    database = backend(
        accounts=[account(name, line) for name, (line, _) in told.items()],
        account_values=[
            *(row for name, (_, shown) in told.items() for row in held(name, **shown)),
            *(later(f"keys{number}", "rack") for number in range(4)),
        ],
    )
    return compute(database, moment, groups=("entry",))


@pytest.fixture(scope="module")
def frame() -> FeatureFrame:
    return known_at(T)


def of(frame: FeatureFrame, name: str, account_id: str) -> float:
    return float(frame.column(name)[frame.account_ids.index(account_id)])


@pytest.mark.parametrize(
    ("account_id", "card", "device"),
    [
        ("mother", 1, 0),  # her husband is at home, her daughter is not
        ("student", 2, np.nan),
        ("phone", np.nan, 1),  # a carrier's network is nobody's home
        ("server0", 3, 3),  # who rents servers chooses the network
        ("proxy0", 3, 3),
        ("farm0", np.nan, FARM - 1 - 5),  # a farm on one line is no family
        ("unread", 0, np.nan),  # a line of no known class may be a home
        ("read", 0, np.nan),
        ("nowhere", 0, np.nan),  # what is not known raises no count: 4 of at most 5
        ("keys0", 3, np.nan),  # a network that was shown later is no home
    ],
)
def test_who_shares_from_one_home_is_left_out(
    frame: FeatureFrame, account_id: str, card: float, device: float
) -> None:
    found = [of(frame, CARD, account_id), of(frame, DEVICE, account_id)]
    assert np.array_equal(found, [card, device], equal_nan=True)


def test_the_network_itself_is_counted_as_ever() -> None:
    first = known_at(T - timedelta(days=18))
    assert of(first, "shared_net_count_7d", "farm0") == FARM - 1
