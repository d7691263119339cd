"""The simple way beside ours: a DRF serializer and bulk_create, in one process.

Same rows, same database server, a table with the same unique key and index. Prints
seconds of processor time, of this process and of PostgreSQL, and rows stored.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import exchange_rows
import processor_time

os.environ["DJANGO_SETTINGS_MODULE"] = "kycrisk.settings"
os.environ["KYCRISK_DATABASE_ROLE"] = "owner"  # it makes a table
sys.path.insert(0, str(Path(__file__).parent.parent))
import django

django.setup()
from django.db import connection, models  # noqa: E402 - they need the settings
from rest_framework import serializers  # noqa: E402 - as above
from rest_framework.parsers import JSONParser  # noqa: E402 - as above
from rest_framework.test import APIRequestFactory  # noqa: E402 - as above

from apps.core import embedded  # noqa: E402 - as above
from apps.core.embedded.keeper import server_pid  # noqa: E402 - as above
from apps.core.validation import RAW_TABLES, RawColumn  # noqa: E402 - as above


def main(size: int, batches: int, seed: int) -> None:
    embedded.ensure()
    postgres = server_pid(embedded.Layout.of_settings().data)
    model = _model()
    with connection.schema_editor() as editor:
        editor.create_model(model)
    try:
        templates = [exchange_rows.batch(size, seed + at) for at in range(batches)]
        before, began = processor_time.of_tree(postgres), time.process_time()
        for at, template in enumerate(templates):
            _store(model, exchange_rows.fresh(template, at))
        own = time.process_time() - began
        database = processor_time.of_tree(postgres) - before
        figures = {"rows": model.objects.count(), "python_s": own}
        print(json.dumps(figures | {"postgres_s": database}))
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(model)


def _store(model: Any, body: bytes) -> None:
    inner = type("Meta", (), {"model": model, "exclude": ["id"], "validators": []})
    exchange = type("Exchange", (serializers.ModelSerializer,), {"Meta": inner})
    request = APIRequestFactory().generic("POST", "/", body, "application/json")
    checked = exchange(data=JSONParser().parse(request), many=True)
    checked.is_valid(raise_exception=True)
    model.objects.bulk_create(
        [model(**row) for row in checked.validated_data], ignore_conflicts=True
    )


def _model() -> Any:
    once = models.UniqueConstraint(
        fields=["account_id", "event_id"], name="bench_simple_once"
    )
    when = models.Index(fields=["account_id", "occurred_at"], name="bench_simple_at")
    meta = {
        "app_label": "signals",
        "db_table": "bench_simple",
        "constraints": [once],
        "indexes": [when],
    }
    body = {column.name: _field(column) for column in RAW_TABLES["usage"]}
    body |= {"Meta": type("Meta", (), meta), "__module__": __name__}
    return type("Simple", (models.Model,), body)


def _field(column: RawColumn) -> Any:
    null = {"null": not column.required, "blank": not column.required}
    if column.kind == "timestamp":
        return models.DateTimeField(**null)
    if column.kind == "int":
        return models.IntegerField(**null)
    if column.kind == "uint32s":
        return models.JSONField(**null)
    return models.CharField(max_length=256, **null)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
