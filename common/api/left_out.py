"""Fields that may be left out. Sent as null they count as left out: shops send what they have, and null where not."""

from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

T = TypeVar("T")


class _NeverNull:
    """Left out is None here. What is sent as null never reaches it (`Body.parse`); nothing answers it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if get_origin(source) not in {Union, UnionType}:
            raise TypeError(f"{source} has no None")
        kinds = [kind for kind in get_args(source) if kind is not type(None)]
        return handler(Union[tuple(kinds)])  # noqa: UP007  (made at run time)


LeftOut = Annotated[T | None, _NeverNull()]


@lru_cache(maxsize=128)
def left_out_by_null(body: type[BaseModel]) -> frozenset[str]:
    """The fields, as they are sent, for which null says nothing; not those for which it says something of its own."""
    return frozenset(
        field.alias or name
        for name, field in body.model_fields.items()
        if not field.is_required()
        and (
            any(isinstance(each, _NeverNull) for each in field.metadata) or type(None) not in get_args(field.annotation)
        )
    )


def take_null(field: JsonSchemaValue) -> None:
    """Describes that null is taken."""
    match field:
        case {"anyOf": list(kinds)}:
            field["anyOf"] = [*kinds, {"type": "null"}]
        case {"type": str(kind)} if "enum" not in field:
            field["type"] = [kind, "null"]
        case _:
            itself: JsonSchemaValue = {name: field.pop(name) for name in ("$ref", "type", "enum") if name in field}
            field["anyOf"] = [itself, {"type": "null"}]
