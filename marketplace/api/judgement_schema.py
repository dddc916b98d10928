"""JSON Schema of what the priority rule takes and gives, derived from its own dataclasses."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any, Union, get_args, get_origin, get_type_hints

from procurement.priority import rule

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": "string"}
_FLAG = {"type": "integer", "enum": [0, 1], "description": "1 for yes, 0 for no"}
_INTEGER = {"type": "integer", "minimum": -rule.MAX_INTEGER, "maximum": rule.MAX_INTEGER}


def input_schema(engine: ModuleType = rule) -> dict[str, Any]:
    """The schema of a judgement's input (the engine's Gift in canonical JSON)."""
    return _document(engine, engine.Gift, "Input of the priority rule")


def output_schema(engine: ModuleType = rule) -> dict[str, Any]:
    """The schema of a judgement's output (the engine's Judgement in canonical JSON)."""
    return _document(engine, engine.Judgement, "Output of the priority rule")


def _document(engine: ModuleType, kind: type, title: str) -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    top = _of(kind, definitions)
    return {"$schema": _DRAFT, "title": f"{title}, engine {engine.ENGINE_VERSION}", **top, "$defs": definitions}


def _of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type as the rule writes it: flags as 0 and 1, nothing as {}, tuples and mappings as arrays and objects."""
    if is_dataclass(hint):
        return _reference(hint, definitions)
    if hint is bool:
        return dict(_FLAG)
    if hint is int:
        return dict(_INTEGER)
    if hint is str:
        return dict(_TEXT)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _union(arguments, definitions)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return {"type": "array", "items": _of(arguments[0], definitions)}
        places = [_of(argument, definitions) for argument in arguments]
        return {"type": "array", "prefixItems": places, "minItems": len(places), "maxItems": len(places)}
    # The one mapping left: a violation's data, whose values are integers or strings.
    return {"type": "object", "additionalProperties": _of(arguments[1], definitions)}


def _union(arguments: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    choices = [_of(one, definitions) for one in arguments if one is not type(None)]
    if type(None) in arguments:
        choices.append({"type": "object", "maxProperties": 0, "description": "none"})
    return {"anyOf": choices}


def _reference(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # holds the place, should a type contain itself
        hints = get_type_hints(kind)
        names = [field.name for field in fields(kind)]
        definitions[kind.__name__] = {
            "type": "object",
            "description": " ".join((kind.__doc__ or "").split()),
            "properties": {name: _of(hints[name], definitions) for name in names},
            "required": names,
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{kind.__name__}"}
