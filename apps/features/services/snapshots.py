"""Feature snapshots: of everybody as of a moment, of one account now, and by schedule.

Bulk and request path evaluate the same catalogue (ml.features). In the request path
the entry features are computed afresh; the others come from the last signal run.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from apps.core.progress import Progress, Silent
from apps.features import selectors
from apps.features.services.kept import offer_kept
from apps.signals import selectors as signals
from ml import features
from ml.features.compute import compute
from ml.frames import FeatureFrame

_CHUNK: Final = 5000
# Beside the values of a group: whether the account had any usage, as 0 or 1.
_HAS_USAGE: Final = "has_usage"
# Compiled questions, in KYCRISK_HOME; may be deleted at any time.
_QUESTIONS: Final = "questions"
# A run that started earlier never replaces what a later one stored.
_STORE_SQL: Final = """
INSERT INTO features_signalsnapshot (account_id, "group", as_of, catalogue, "values")
SELECT account.id, %s, %s, %s, given."values"
FROM unnest(%s::text[], %s::jsonb[]) AS given (account_id, "values")
JOIN customers_account account USING (account_id)
ON CONFLICT (account_id, "group") DO UPDATE SET
    as_of = excluded.as_of, catalogue = excluded.catalogue, "values" = excluded."values"
WHERE features_signalsnapshot.as_of <= excluded.as_of
"""


def take_snapshots(
    *,
    as_of: datetime,
    account_ids: Sequence[str] | None = None,
    engine: signals.Engine | None = None,
    groups: Sequence[str] = features.GROUPS,
) -> FeatureFrame:
    """Return all features of the accounts known at `as_of` (or of `account_ids`).

    Features of groups that are left out are missing. An engine that is passed in must
    be open as of the same moment and hold all accounts, since links count the others.
    """
    if engine is not None and engine.as_of != as_of:
        raise ValueError("the engine is open as of another moment")
    questions = settings.KYCRISK_HOME / _QUESTIONS
    opened = nullcontext(engine) if engine else signals.open_engine(as_of=as_of)
    with opened as source:
        offer_kept(source, write=account_ids is None, questions=questions)
        return compute(
            source.backend,
            as_of,
            account_ids=account_ids,
            groups=groups,
            cache=questions,
        )


def ask_snapshot_now(*, account_id: str, as_of: datetime) -> Callable[[], FeatureFrame]:
    """Ask for one row of features, to be had within milliseconds and by one query.

    The answer raises NotFoundError when the account is not known at `as_of`.
    """
    asked = selectors.ask_current(account_id=account_id, as_of=as_of)
    return lambda: _frame(account_id, asked())


def _frame(account_id: str, current: selectors.Current) -> FeatureFrame:
    values = features.compute_entry(current.facts)
    has_usage = False
    for stored in current.signals:
        has_usage |= bool(stored.get(_HAS_USAGE))
        for name, value in stored.items():
            if name != _HAS_USAGE:
                values[0, features.NAMES.index(name)] = value
    return FeatureFrame(
        (account_id,),
        features.NAMES,
        values,
        np.array([has_usage]),
        features.catalogue_hash(),
    )


def compute_signals(
    *, group: str, as_of: datetime, progress: Progress | None = None
) -> dict[str, Any]:
    """Store the newest values of one group for every account that has any.

    `group` is payment, network or usage. Returns how many accounts were active. What
    is stored is a cache of facts and code: an assessment copies what it used.
    """
    progress = progress or Silent()
    progress.advance(0, phase="compute")
    frame = take_snapshots(as_of=as_of, groups=(group,))
    known = ~np.isnan(frame.values)
    active = np.flatnonzero(known.any(axis=1))
    for start in range(0, len(active), _CHUNK):
        chunk = active[start : start + _CHUNK]
        _store(group=group, as_of=as_of, frame=frame, rows=chunk)
        progress.advance(start + len(chunk), len(active), "store")
    return {"accounts": len(active)}


@transaction.atomic
def _store(
    *, group: str, as_of: datetime, frame: FeatureFrame, rows: np.ndarray[Any, Any]
) -> None:
    ids = [frame.account_ids[row] for row in rows]
    texts = [_as_json(group, frame, row) for row in rows]
    with connection.cursor() as cursor:
        given: list[Any] = [group, as_of, frame.catalogue, ids, texts]
        cursor.execute(_STORE_SQL, given)


def _as_json(group: str, frame: FeatureFrame, row: int) -> str:
    """Write the known values of one account; a float survives the way bit by bit."""
    known = np.flatnonzero(~np.isnan(frame.values[row]))
    values = {frame.names[at]: float(frame.values[row, at]) for at in known}
    if group == "usage":
        values[_HAS_USAGE] = float(frame.has_usage[row])
    return json.dumps(values)
