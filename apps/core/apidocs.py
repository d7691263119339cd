"""The OpenAPI document, ordered for a reader."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from apps.core.apischema import is_problem

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a body: its dotted name, type and meaning."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    anchor: str
    text: str
    parameters: list[Field]
    body: list[Field]
    answers: list[tuple[str, str, list[Field]]]


@dataclass(frozen=True, slots=True)
class Group:
    """Operations on one kind of thing: the first word of the path after /v1."""

    name: str
    operations: list[Operation]


@cache
def groups() -> list[Group]:
    """Return all operations by the first word of their path."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    found: dict[str, list[Operation]] = {}
    for path, methods in sorted(document.get("paths", {}).items()):
        name = path.removeprefix("/v1/").split("/")[0]
        for method in _METHODS:
            if method in methods:
                one = _operation(method, path, methods[method], document)
                found.setdefault(name, []).append(one)
    return [Group(name, operations) for name, operations in found.items()]


def _operation(
    method: str, path: str, node: Mapping[str, Any], document: Mapping[str, Any]
) -> Operation:
    bodies = node.get("requestBody", {}).get("content", {})
    return Operation(
        method=method.upper(),
        path=path,
        anchor=str(node.get("operationId", f"{method}-{path}")),
        text=str(node.get("description") or node.get("summary") or ""),
        parameters=[_parameter(one, document) for one in node.get("parameters", [])],
        body=_fields_of(bodies, document),
        answers=[
            (
                status,
                str(one.get("description", "")),
                _fields_of(one.get("content", {}), document),
            )
            for status, one in sorted(node.get("responses", {}).items())
            if not is_problem(one)  # the page tells of problems once
        ],
    )


def _parameter(node: Mapping[str, Any], document: Mapping[str, Any]) -> Field:
    return Field(
        name=f"{node['name']} ({node['in']})",
        kind=_kind(_resolved(node.get("schema", {}), document)),
        required=bool(node.get("required")),
        text=str(node.get("description", "")),
    )


def _fields_of(content: Mapping[str, Any], document: Mapping[str, Any]) -> list[Field]:
    for media in content.values():
        return list(_fields(media.get("schema", {}), document, "", 0))
    return []


def _fields(
    schema: Mapping[str, Any], document: Mapping[str, Any], prefix: str, depth: int
) -> Iterator[Field]:
    """Yield the properties of an object, depth first, four levels at most."""
    schema = _resolved(schema, document)
    if schema.get("type") == "array":
        schema, prefix = _resolved(schema.get("items", {}), document), f"{prefix}[]"
    required = set(schema.get("required", []))
    for key, raw in schema.get("properties", {}).items():
        node = _resolved(raw, document)
        name = f"{prefix}.{key}" if prefix else key
        text = str(raw.get("description") or node.get("description") or "")
        yield Field(name, _kind(node), key in required, text)
        if depth < 4:  # noqa: PLR2004 - see above
            yield from _fields(node, document, name, depth + 1)


def _resolved(
    schema: Mapping[str, Any], document: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Follow references and the one-element `allOf` that carries a description."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return _resolved(document["components"]["schemas"][name], document)
    for word in ("allOf", "oneOf", "anyOf"):
        choices = [one for one in schema.get(word, []) if one.get("type") != "null"]
        if len(choices) == 1:
            return {**_resolved(choices[0], document), **_described(schema)}
    return schema


def _described(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": schema["description"]} if "description" in schema else {}


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "any")
    names = [kind] if isinstance(kind, str) else [str(one) for one in kind]
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if names == ["array"]:
        return f"list of {_kind(schema.get('items', {}))}"
    form = f" ({schema['format']})" if "format" in schema else ""
    return " or ".join(names) + form
