"""What every operation of the OpenAPI document has in common: how it can fail."""

from typing import Any, Final

_CONTENT: Final = "application/problem+json"
_COMMON: Final = {
    "400": "The request cannot be read.",
    "401": "No valid key was sent.",
    "403": "The key lacks the scope.",
    "404": "There is no such thing here.",
    "406": "Answers are application/json only.",
    "422": "Some fields are not valid; each is named by its pointer.",
    "503": "The service, or a model, is not available; try again.",
}
_OF_BODIES: Final = {
    "409": "The same key or record is being worked on.",
    "411": "A Content-Length is needed.",
    "413": "The body is too large.",
    "415": "The body's type or encoding is not supported.",
    "429": "Too many requests; Retry-After says how long to wait.",
}
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457; `code` is stable, and no value is ever repeated.",
    "required": ["type", "title", "status", "detail", "code", "errors", "retryable"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "maxItems": 20,
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "request_id": {"type": "string"},
        "retryable": {"type": "boolean"},
    },
}


def add_problems(
    result: dict[str, Any],
    generator: Any,  # noqa: ARG001 - the signature of a hook of drf-spectacular
    request: Any,  # noqa: ARG001 - as above
    public: bool,  # noqa: ARG001 - as above
) -> dict[str, Any]:
    """Add to each operation the problems that it may answer with."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["ProblemDocument"] = _PROBLEM
    for methods in result["paths"].values():
        for operation in methods.values():
            possible = _COMMON | (_OF_BODIES if "requestBody" in operation else {})
            for status, text in possible.items():
                operation["responses"].setdefault(status, _answer(text))
    return result


def is_problem(answer: dict[str, Any]) -> bool:
    """Tell whether a response of the document is a problem."""
    return _CONTENT in answer.get("content", {})


def _answer(text: str) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/ProblemDocument"}
    return {"description": text, "content": {_CONTENT: {"schema": reference}}}
