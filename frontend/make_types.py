"""Writes the contract of the view models for the browser: view.schema.json and src/view.gen.ts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from model_insights.view import SCHEMA_VERSION, Problem, View  # noqa: E402

HEADER = "// Written by make_types.py from model_insights/view.py. Change the structs there, then run it again.\n"
PRIMITIVES = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean", "null": "null"}


def schema() -> dict[str, Any]:
    """The JSON Schema of every struct that travels, by name, in the order of first use."""
    _, definitions = msgspec.json.schema_components([View, Problem], ref_template="#/$defs/{name}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "version": SCHEMA_VERSION, "$defs": definitions}


def typescript(document: dict[str, Any]) -> str:
    """The same structs as TypeScript. No field is optional: the encoder always writes defaults."""
    interfaces = [_interface(name, struct) for name, struct in document["$defs"].items()]
    return "\n".join([HEADER, f"export const SCHEMA_VERSION = {document['version']};\n", *interfaces])


def _interface(name: str, struct: dict[str, Any]) -> str:
    fields = [f"  {field}: {_type(kind)};\n" for field, kind in struct["properties"].items()]
    return f"{_comment(struct)}export interface {name} {{\n{''.join(fields)}}}\n"


def _comment(struct: dict[str, Any]) -> str:
    words = " ".join(struct.get("description", "").split())
    return f"/** {words} */\n" if words else ""


def _type(kind: dict[str, Any]) -> str:
    if "$ref" in kind:
        return str(kind["$ref"]).rpartition("/")[2]
    if "enum" in kind:
        return " | ".join(json.dumps(value) for value in kind["enum"])
    if "anyOf" in kind:
        return " | ".join(_type(option) for option in kind["anyOf"])
    if kind["type"] == "array":
        item = _type(kind["items"])
        return f"readonly ({item})[]" if "|" in item else f"readonly {item}[]"
    if kind["type"] == "object":
        return f"Readonly<Record<string, {_type(kind['additionalProperties'])}>>"
    return PRIMITIVES[kind["type"]]


def main() -> None:
    document = schema()
    (HERE / "view.schema.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (HERE / "src" / "view.gen.ts").write_text(typescript(document), encoding="utf-8")


if __name__ == "__main__":
    main()
