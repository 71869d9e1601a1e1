"""Bodies of the payment-link API. The checks that a session's terms have too are the same code."""

from datetime import datetime
from typing import Annotated, Self

from django.utils import timezone
from pydantic import AfterValidator, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from common.api.amounts import Amount, CurrencyCode, check_amount
from common.api.faults import Faults
from common.api.texts import Visible
from common.api.types import Body, HttpUrl, LeftOut, Moment, Text, WholeNumber, YesNo
from common.modes import Mode
from sessions_app.api.terms import AllowedAssets, Metadata, check_assets, check_https, mode_of


def _ahead(moment: datetime) -> datetime:
    if moment <= timezone.now():
        raise PydanticCustomError("out_of_range", "Must be in the future.")
    return moment


class ChangeLink(Body):
    """The body of `PATCH /api/v1/payment-links/{id}`: what may change while buyers hold the link."""

    is_active: LeftOut[YesNo] = Field(
        None, alias="active", description="false: nobody can pay by it any more.", examples=[True]
    )
    stock: Annotated[WholeNumber, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="How many can be sold; null: no limit.", examples=[100]
    )
    ends_at: Annotated[Moment, AfterValidator(_ahead)] | None = Field(
        None, description="When the offer is over; null: never.", examples=["2030-01-31T12:00:00Z"]
    )
    product_name: LeftOut[Annotated[str, Text(250), Visible]] = Field(
        None, description="Shown to the buyer.", examples=["Winter box, 1 kg"]
    )
    product_description: LeftOut[Annotated[str, Text(1000, least=0)]] = Field(
        None, description="Shown below the name.", examples=["Apples and pears"]
    )


class CreateLink(ChangeLink):
    """The body of `POST /api/v1/payment-links`."""

    amount: Amount | None = Field(None, description="Left out or null: the buyer chooses.", examples=[12.50])
    currency: CurrencyCode = Field(description="ISO 4217 code.", examples=["USD"])
    product_name: Annotated[str, Text(250), Visible] = Field(
        description="Shown to the buyer.", examples=["Winter box, 1 kg"]
    )
    product_id: LeftOut[Annotated[str, Text(200, least=0)]] = Field(
        None, description="Your id of what is sold.", examples=["1234567890"]
    )
    allowed_assets: LeftOut[AllowedAssets] = Field(
        None, description="Empty or left out: all.", examples=[["ETH", "USDC"]]
    )
    success_url: LeftOut[HttpUrl] = Field(
        None,
        description="Where the buyer goes after paying; else back to the link.",
        examples=["https://example.com/success"],
    )
    metadata: LeftOut[Metadata] = Field(
        None, description="Copied to each session of the link.", examples=[{"campaign": "winter"}]
    )

    @model_validator(mode="after")
    def together(self, info: ValidationInfo) -> Self:
        """The rules that a session's terms have too."""
        mode, faults = mode_of(info), Faults()
        if self.amount is not None:
            check_amount(self.amount, self.currency, faults)
        check_assets(self.allowed_assets or [], mode, faults)
        if mode == Mode.LIVE and self.success_url is not None:
            check_https({"successUrl": self.success_url}, faults)
        faults.tell()
        return self
