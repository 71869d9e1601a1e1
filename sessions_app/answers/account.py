"""The account as the API answers it: for the button that tests a connection, and for what a shop shows of it."""

from typing import Literal

from pydantic import Field

from common.api.answer_types import Answer, Timestamp
from common.modes import Mode
from merchants_app.models import KeyScope

Health = Literal["ok", "unreachable"]


class KeyOfAccount(Answer):
    """The key that asks."""

    name: str = Field(description="As it was named.", examples=["shop"])
    hint: str = Field(description="Its first characters.", examples=["sk_test_1a2b"])
    scopes: list[KeyScope] = Field(
        description="What it may do now: its own, as far as its holder's role reaches.", examples=[["read", "write"]]
    )
    expires_at: Timestamp | None = Field(description="When it ends; null: never.")


class NetworkOfAccount(Answer):
    """A network that buyers can pay on."""

    id: str = Field(description="Of the network.", examples=["base"])
    name: str = Field(description="As buyers see it.", examples=["Base"])
    health: Health = Field(
        description="`unreachable`: payments on it are seen once it can be read again.", examples=["ok"]
    )
    unread_since: Timestamp | None = Field(description="Since when it cannot be read; null: it can.")
    assets: list[str] = Field(description="Symbols that are taken on it.", examples=[["ETH", "USDC"]])


class Account(Answer):
    """A business by one of its keys."""

    id: str = Field(description="Of the business.", examples=["mer_01h455vb4pex5vsknk084sn02q"])
    object: Literal["account"] = Field(default="account", description="Always the same.", examples=["account"])
    business: str = Field(description="Its name.", examples=["Mia Coffee"])
    mode: Mode = Field(description="The key's.", examples=["test"])
    livemode: bool = Field(description="False: test mode, play money.", examples=[False])
    key: KeyOfAccount = Field(description="By which this was asked.")
    treasury_set: bool = Field(
        description="Whether there is a wallet to receive in: without one no session can be made.", examples=[True]
    )
    assets: list[str] = Field(description="Symbols that can be paid with.", examples=[["ETH", "USDC"]])
    networks: list[NetworkOfAccount] = Field(description="Where, in the order in which they are offered.")
    embed_origins: list[str] = Field(
        description="Whose pages may show this mode's payment pages in a frame; set in the dashboard.",
        examples=[["https://shop.example"]],
    )
    version: str = Field(description="Of this installation.", examples=["0.1.0"])
