"""The newest pass in KYCRISK_HOME/rings, for the next one to go on from.

It holds nothing that the facts don't: where it is missing, everybody is compared.
"""

import json
import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from django.conf import settings

from apps.rings.models import RingRun
from ml.rings.find import CODE_VERSION

if TYPE_CHECKING:
    from ml.rings.passes import Pass


def keep(one: "Pass", run: RingRun) -> None:
    """Keep a pass in the place of those before it."""
    from ml.rings.keep import save  # loads SciPy

    root = _root()
    root.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix="new-", dir=root))
    place = root / str(run.pk)
    try:
        save(one, made)
        (made / "run.json").write_text(json.dumps(_sign(run)))
        shutil.rmtree(place, ignore_errors=True)
        made.rename(place)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    for other in root.iterdir():
        if other.name.isdigit() and other != place:
            shutil.rmtree(other, ignore_errors=True)


def pass_of(run: RingRun) -> "Pass | None":
    """Return the pass that was kept of a run, if this code made it."""
    from ml.rings.keep import load  # loads SciPy

    place = _root() / str(run.pk)
    sign = place / "run.json"
    if run.code_version != CODE_VERSION or not sign.exists():
        return None
    return load(place) if json.loads(sign.read_text()) == _sign(run) else None


def _root() -> Path:
    return Path(settings.KYCRISK_HOME) / "rings"


def _sign(run: RingRun) -> dict[str, str]:
    """Return what tells a run from one of another database."""
    return {"facts": run.facts_digest, "at": run.created_at.isoformat()}
