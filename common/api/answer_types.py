"""What answers of the API are made of, and the messages of webhooks: one class says what is sent and describes it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, PlainSerializer, WithJsonSchema

from common.api.moments import iso
from common.api.types import NOTE, ApiType


class Answer(ApiType):
    """What the API answers. `exact_json.dumps` writes it."""

    model_config = ConfigDict(serialize_by_alias=True, json_schema_serialization_defaults_required=True)


def _told(note: str, **schema: object) -> WithJsonSchema:
    return WithJsonSchema({**schema, NOTE: note})


Timestamp = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    _told(
        "ISO 8601 in UTC with milliseconds.",
        type="string",
        format="date-time",
        examples=["2030-01-31T12:00:00.000Z"],
    ),
]
Fiat = Annotated[Decimal, _told("In the session's currency, exact.", type="number", examples=[49.00])]
OnChain = Annotated[
    str, _told("In the asset itself.", type="string", pattern=r"^[0-9]+(\.[0-9]+)?$", examples=["49.00"])
]
# A price of one whole unit, digit by digit.
Rate = Annotated[str, WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$", "examples": ["1"]})]
