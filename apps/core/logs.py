"""Logs: one JSON object a line, and only keys that are known to be harmless."""

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog

# A value under any other key is dropped, so that no personal value slips in.
KEYS = frozenset(
    {
        *("account_id", "attempt", "case_id", "code", "count", "detail", "duration_ms"),
        *("error", "event", "job_id", "kind", "level", "logger", "method", "model_id"),
        *("path", "request_id", "route", "rows", "seconds", "state", "status"),
        *("timestamp", "total"),
    }
)


def configure(settings: dict[str, Any]) -> None:
    """Set up structlog and the standard library's loggers; called by Django."""
    level = str(settings.get("level", "WARNING")).upper()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _error_class_only,
                keep_known_keys,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def keep_known_keys(
    _logger: object, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop every key outside the allow-list."""
    return {key: value for key, value in entry.items() if key in KEYS}


def _name(
    logger: logging.Logger, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    entry["logger"] = logger.name if logger else entry["_record"].name
    return entry


def _error_class_only(
    _logger: object, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Keep where an error happened, not its text: that may quote a value."""
    problem = entry.pop("exc_info", None)
    if isinstance(problem, tuple) and problem[0] is not None:
        trace = problem[2]
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        code = trace.tb_frame.f_code.co_filename if trace else "?"
        line = trace.tb_lineno if trace else 0
        entry["error"] = f"{problem[0].__name__} at {code}:{line}"
    return entry
