"""Last touches on the generated description."""

import json
import re
from typing import Any

_EXAMPLE = re.compile(r"\s*Example: (.+?)\.?$", re.DOTALL)


def examples_from_descriptions(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: ARG001
    """A help text ends with "Example: …", which humans read in the code; here it becomes a schema's example."""
    for schema in result["components"]["schemas"].values():
        for described in schema.get("properties", {}).values():
            _move_example(described)
    for path in result["paths"].values():
        for call in path.values():
            for parameter in call.get("parameters", []):
                _move_example(parameter)
    return result


def _move_example(described: dict[str, Any]) -> None:
    found = _EXAMPLE.search(described.get("description", ""))
    if not found:
        return
    described["description"] = described["description"][: found.start()].strip()
    either = [each.get("type") for each in described.get("anyOf", ())]
    kinds = described.get("type") or described.get("schema", {}).get("type") or either or "string"
    value = _value(found[1], kinds)
    if "schema" in described:
        described["example"] = value
    else:
        described["examples"] = [value]


def _value(text: str, kinds: str | list[str]) -> Any:
    """The example in the field's own type."""
    if "string" in kinds and "array" not in kinds:
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
