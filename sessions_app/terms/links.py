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
from merchants_app.models import LAST_DAY, LAST_MOMENT
from sessions_app.terms.sessions import AllowedAssets, Metadata, check_assets, check_https, mode_of

MOST_QUICK_AMOUNTS = 8


def _ahead(moment: datetime) -> datetime:
    if moment <= timezone.now():
        raise PydanticCustomError("out_of_range", "Must be in the future.")
    if moment > LAST_MOMENT:
        raise PydanticCustomError("out_of_range", f"Must not be after {LAST_DAY.year}; null: never.")
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

    amount: Amount | None = Field(None, description="Left out or null: the buyer chooses.", examples=[None, 12.50])
    currency: CurrencyCode = Field(description="ISO 4217 code.", examples=["USD"])
    quick_amounts: LeftOut[Annotated[list[Amount], Field(max_length=MOST_QUICK_AMOUNTS)]] = Field(
        None, description="Proposed to a buyer who chooses the amount, in this order.", examples=[[3, 5, 10]]
    )
    min_amount: Amount | None = Field(None, description="The least that a buyer can choose.", examples=[1])
    max_amount: Amount | None = Field(None, description="The most that a buyer can choose.", examples=[500])
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
        self._check_choice(faults)
        check_assets(self.allowed_assets or [], mode, faults)
        if mode == Mode.LIVE and self.success_url is not None:
            check_https({"successUrl": self.success_url}, faults)
        faults.tell()
        return self

    def _check_choice(self, faults: Faults) -> None:
        """What a buyer may choose, where they choose the amount."""
        quick, least, most = self.quick_amounts or [], self.min_amount, self.max_amount
        limits = {"quickAmounts": quick, "minAmount": [least] if least else [], "maxAmount": [most] if most else []}
        for name, amounts in limits.items():
            if amounts and self.amount is not None:
                faults.add(name, "amount_is_fixed", "Leave out amount: the buyer chooses only where it is not fixed.")
            for each in amounts:
                check_amount(each, self.currency, faults, name=name)
        if least is not None and most is not None and least > most:
            faults.add("maxAmount", "out_of_range", "Must not be below minAmount.")
        if len(set(quick)) < len(quick):
            faults.add("quickAmounts", "repeated", "Name each amount once.")
        if any((least and each < least) or (most and each > most) for each in quick):
            faults.add("quickAmounts", "out_of_range", "Each must lie within minAmount and maxAmount.")
