"""The tables of docs/plan.md, from the schema that editors use."""

from collections.abc import Iterator

MARKER = "<!-- fields: written by tests/unit/kinds/plan_document.py -->\n"


def fields_section(schema: dict[str, object]) -> str:
    return "\n".join(_section("plan", schema))


def _section(where: str, schema: dict[str, object]) -> Iterator[str]:
    properties = schema["properties"]
    required = schema.get("required", ())
    assert isinstance(properties, dict)
    assert isinstance(required, list | tuple)
    yield f"## {where}\n"
    if schema.get("description"):
        yield f"{schema['description']}\n"
    yield "| field | value | meaning |"
    yield "|---|---|---|"
    for key, value in properties.items():
        must = " (required)" if key in required else ""
        yield f"| `{key}`{must} | {_value(value)} | {_cell(str(value['description']))} |"
    yield ""
    for key, value in properties.items():
        inner = _inner(value)
        if inner is not None:
            yield from _section(f"{where}.{key}" if where != "plan" else key, inner)


def _inner(value: dict[str, object]) -> dict[str, object] | None:
    for candidate in (value, value.get("items"), value.get("additionalProperties")):
        if isinstance(candidate, dict) and "properties" in candidate:
            return candidate
    return None


def _value(value: dict[str, object]) -> str:  # noqa: PLR0911 - one line per shape
    match value:
        case {"enum": choices}:
            assert isinstance(choices, list)
            return " or ".join(f"`{choice}`" for choice in choices) if len(choices) < 6 else (
                ", ".join(f"`{choice}`" for choice in choices))
        case {"type": "array", "items": dict(item)}:
            return f"list of {_value(item)}"
        case {"type": "object", "additionalProperties": dict(item)}:
            return f"mapping to {_value(item)}"
        case {"type": "object"}:
            return "mapping, below"
        case {"type": "integer", "minimum": first, "maximum": last}:
            return f"{first} to {last}" if first != last else f"`{first}`"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"format": "ipv4"}:
            return "address"
        case {"pattern": str(pattern)} if pattern.startswith("^[0-9.]+(?:/"):
            return "prefix"
        case {"oneOf": _}:
            return "see meaning"
        case {"anyOf": _}:
            return "AS number"
        case _:
            return "text"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
