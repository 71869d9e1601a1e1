"""What the calls about endpoints, deliveries and events take."""

from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from common.api.types import Body, HttpUrl, LeftOut, Moment, Query, Text, YesNo
from webhooks_app.endpoints.custom_headers import LONGEST, MOST
from webhooks_app.event_types import EventType
from webhooks_app.models import DeliveryState

CHOOSABLE = [each.value for each in EventType if each != EventType.ENDPOINT_TEST]
LONGEST_PAGE = 100


def _choosable(value: object) -> str:
    if not isinstance(value, str) or value not in CHOOSABLE:
        raise PydanticCustomError("invalid_choice", "Must be one of: {choices}.", {"choices": ", ".join(CHOOSABLE)})
    return value


Events = Annotated[
    list[Annotated[str, PlainValidator(_choosable), WithJsonSchema({"type": "string", "enum": CHOOSABLE})]],
    Field(max_length=len(CHOOSABLE)),
]
Headers = dict[str, Annotated[str, Text(LONGEST)]]


class CreateEndpoint(Body):
    """`POST /webhook-endpoints`."""

    url: HttpUrl = Field(description="Where events are posted to.", examples=["https://shop.example/webhooks"])
    events: Events = Field([], description="Which events; empty or left out: all.", examples=[["checkout.completed"]])
    headers: Headers = Field(  # without a default in the description: generators take no {} where null is taken, too
        default_factory=dict,
        description=f"Up to {MOST} headers of your own on each message.",
        examples=[{"X-Token": "let-me-in"}],
    )


class PutEndpoint(Body):
    """`PUT /webhook-endpoints`: what is left out stays, and is as in `POST` when it is new."""

    url: HttpUrl = Field(description="Where events are posted to.", examples=["https://shop.example/webhooks"])
    client_key: LeftOut[Annotated[str, Text(80)]] = Field(
        None,
        description="Your own name for it: found by it although its URL has changed. Left out: by its URL.",
        examples=["woocommerce-1"],
    )
    events: LeftOut[Events] = Field(None, description="Which events; empty: all.", examples=[["checkout.completed"]])
    headers: LeftOut[Headers] = Field(
        None, description="Replaces all custom headers; {} removes them.", examples=[{"X-Token": "let-me-in"}]
    )


class ChangeEndpoint(Body):
    """`PATCH /webhook-endpoints/{id}`: what is left out stays."""

    url: LeftOut[HttpUrl] = Field(
        None, description="Where events are posted to from now on.", examples=["https://shop.example/webhooks"]
    )
    events: LeftOut[Events] = Field(
        None, description="Which events from now on; empty: all.", examples=[["checkout.completed"]]
    )
    headers: LeftOut[Headers] = Field(
        None, description="Replaces all custom headers; {} removes them.", examples=[{"X-Token": "let-me-in"}]
    )
    enabled: LeftOut[YesNo] = Field(
        None, description="false switches it off; true on, which sends what it missed.", examples=[True]
    )


class Resend(Body):
    """`POST /webhook-endpoints/{id}/resend`."""

    since: LeftOut[Moment] = Field(
        None,
        description="Everything since then, delivered or not. Left out: all that failed.",
        examples=["2030-01-31T12:00:00Z"],
    )


class ListDeliveries(Query):
    """Query of `GET /webhook-endpoints/{id}/deliveries`."""

    status: LeftOut[DeliveryState] = Field(None, description="Only those that stand so.", examples=["failed"])
    limit: int = Field(20, ge=1, le=LONGEST_PAGE, description="How many.", examples=[20])
    after: LeftOut[Annotated[str, Text(60)]] = Field(
        None, description="From the `Link` header.", examples=["dlv_01h455vb4pex5vsknk084sn02q"]
    )


class ListEvents(Query):
    """Query of `GET /events`."""

    after: LeftOut[Annotated[str, Text(60)]] = Field(
        None, description="`position` or `id` of the last event you have.", examples=["1042"]
    )
    type: LeftOut[EventType] = Field(None, description="Only this kind.", examples=["checkout.completed"])
    subject: LeftOut[Annotated[str, Text(60)]] = Field(
        None, description="Only of this session.", examples=["cs_01h455vb4pex5vsknk084sn02q"]
    )
    limit: int = Field(20, ge=1, le=LONGEST_PAGE, description="How many.", examples=[20])
