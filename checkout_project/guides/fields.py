"""The fields of a call's body or answer, read from the API's description: name, kind, meaning, example."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString

from checkout_project.guides.code import with_code

Schema = dict[str, Any]
_COMPONENT = "#/components/schemas/"
_KINDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "object", "null": "null"}
_FORMATS = {"date-time": "time", "date": "date", "uri": "URL"}
_MOST_WORDS = 40
_DEEPEST = 5  # how many objects inside one another are told of


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One of them, with those inside it."""

    name: str
    kind: str
    meaning: SafeString
    required: bool = False
    words: list[str] = field(default_factory=list)  # the values that there are, when they are words
    limits: str = ""
    inside: list["Field"] = field(default_factory=list)


class Reader:
    """Reads the schemas of one description."""

    def __init__(self, components: dict[str, Schema]) -> None:
        self._components = components

    def whole(self, schema: Schema) -> Schema:
        """The schema with what it refers to put in; of several that may stand there the first that is not `null`."""
        if reference := schema.get("$ref"):
            schema = self._components[reference.removeprefix(_COMPONENT)] | {
                name: value for name, value in schema.items() if name != "$ref"
            }
        choices = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
        if choices and "type" not in schema:
            rest = {name: value for name, value in schema.items() if name != "anyOf"}
            return self.whole(choices[0]) | rest
        return schema

    def fields(self, schema: Schema, *, depth: int = 0) -> list[Field]:
        """Of an object, or of each thing of a list."""
        schema = self.whole(schema)
        if schema.get("type") == "array":
            return self.fields(schema["items"], depth=depth)
        required = schema.get("required", [])
        return [
            self._field(name, of_field, required=name in required, depth=depth)
            for name, of_field in schema.get("properties", {}).items()
        ]

    def _field(self, name: str, schema: Schema, *, required: bool, depth: int) -> Field:
        whole = self.whole(schema)
        item = self.whole(whole["items"]) if "items" in whole else whole
        return Field(
            name=name,
            kind=self.kind(schema),
            meaning=with_code(whole.get("description", "")),
            required=required,
            words=_words(item),
            limits=_limits(whole),
            inside=self.fields(whole, depth=depth + 1) if depth < _DEEPEST else [],
        )

    def kind(self, schema: Schema) -> str:
        """In words: `text`, `list of objects`, `number or text`."""
        kinds: list[str] = []
        for each in self._choices(schema):
            if each not in kinds:
                kinds.append(each)
        return " or ".join(kinds)

    def _choices(self, schema: Schema) -> list[str]:
        if reference := schema.get("$ref"):
            return self._choices(self._components[reference.removeprefix(_COMPONENT)])
        if "anyOf" in schema and "type" not in schema:
            return [kind for each in schema["anyOf"] for kind in self._choices(each)]
        types = schema.get("type", "anything")
        return [self._kind_of(each, schema) for each in (types if isinstance(types, list) else [types])]

    def _kind_of(self, name: str, schema: Schema) -> str:
        if name == "array":
            inner = self.kind(schema["items"])
            return f"list of {inner}s" if inner == "object" else f"list of {inner}"
        if name == "string":
            return _FORMATS.get(schema.get("format", ""), "text")
        return _KINDS.get(name, name)

    def example(self, schema: Schema, *, depth: int = 0, optional: bool = True) -> Any:
        """What it may look like, made of the fields' own examples. `optional`: with what may be left out."""
        examples = schema.get("examples") or self.whole(schema).get("examples")
        if examples:
            return examples[0]
        whole = self.whole(schema)
        if "const" in whole:
            return whole["const"]
        if "enum" in whole:
            return whole["enum"][0]
        if whole.get("type") == "array":
            return [self.example(whole["items"], depth=depth + 1)] if depth < _DEEPEST else []
        required = whole.get("required", [])
        return {
            name: self.example(of_field, depth=depth + 1)
            for name, of_field in whole.get("properties", {}).items()
            if optional or name in required
        }


def _words(schema: Schema) -> list[str]:
    """The words that there are; of very many (currencies) the first few."""
    words = [str(each) for each in schema.get("enum", [])]
    return words if len(words) <= _MOST_WORDS else [*words[:6], f"and {len(words) - 6} more"]


def _limits(schema: Schema) -> str:
    """What a value may measure, in words."""
    said = []
    if "maxLength" in schema:
        said.append(f"at most {schema['maxLength']:,} letters")
    if "maxItems" in schema:
        said.append(f"at most {schema['maxItems']:,} of them")
    if "minimum" in schema and "maximum" in schema:
        said.append(f"{schema['minimum']:,} to {schema['maximum']:,}")
    if (default := schema.get("default")) is not None:
        said.append(f"left out: {str(default).lower() if isinstance(default, bool) else default}")
    return "; ".join(said)
