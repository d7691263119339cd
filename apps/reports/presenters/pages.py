"""What the console's pages need beyond the document."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict

from apps.audit import selectors as log
from apps.audit.models import Entry
from apps.review.presenters.charts import Chart, Part, waterfall

PAGE = 50


def waterfall_of(document: Mapping[str, Any]) -> Chart:
    """Draw the sum of a document's model section."""
    model = document["model"]
    parts = [
        Part(bar["label"], bar["points"], "base" if bar["key"] == "base" else "factor")
        for bar in model["bars"]
    ]
    total = model["sum_check"]["total_points"]
    return waterfall(parts, total=total, answer=model["shown"])


def object_history(wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return everything recorded about the one object asked for, with its content."""
    object_type, object_id = wanted.get("object_type"), wanted.get("object_id")
    if not object_type or not object_id:
        return []
    entries = log.history_of(object_type=object_type, object_id=object_id)
    return [{"entry": one, "content": _content(one)} for one in entries[-PAGE:]]


def older_query(asked: QueryDict, entries: Sequence[Entry]) -> str:
    """Return the query of the next older page, or nothing on the last."""
    if len(entries) < PAGE:
        return ""
    query = asked.copy()
    query["before"] = entries[-1].at.isoformat()
    return query.urlencode()


def _content(entry: Entry) -> str:
    body = json.loads(bytes(entry.body))
    return json.dumps(body["content"], indent=1, ensure_ascii=False)
