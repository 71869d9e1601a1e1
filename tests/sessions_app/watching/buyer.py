"""Who says on the page what their wallet has sent, of which a real node knows more or less."""

from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.test import Client
from django.utils import timezone

from sessions_app.models import Announcement
from sessions_app.paying.announcing import announce
from tests.anvil import call_data
from tests.journeys.test_odd_payments_on_anvil import FULL, Street

GAS_PRICE = 10**10


class Buyer:
    """Says to have sent by a wallet what the node is given. Their wallet holds coin, and no token."""

    def __init__(self, street: Street, client: Client) -> None:
        self.street, self.node, self._client = street, street.node, client
        self.wallet = self.node.accounts[5]

    def sends(self, to: str = "", data: str | None = None, **more: Any) -> str:
        """As a rule a transfer of the token, which this wallet has nothing of: it fails."""
        data = call_data("transfer(address,uint256)", self.street.address, FULL) if data is None else data
        asked = {"from": self.wallet, "to": to or self.street.chain.usdc, "data": data, "gas": hex(100_000)}
        tx_hash = str(self.node.rpc("eth_sendTransaction", [asked | {"gasPrice": hex(GAS_PRICE)} | more]))
        announce(self.street.session, tx_hash=tx_hash, amount="49.00 USDC", now=timezone.now())
        return tx_hash

    def says(self, **word: str) -> None:
        """What their wallet knows of it: the word, and of which transaction."""
        for what, tx_hash in word.items():
            self._client.post(f"/pay/{self.street.session.page_token}/sent", {what: "1", "tx_hash": tx_hash})

    def minutes_ago(self, minutes: float) -> None:
        """It was told so long ago."""
        self._said.update(at=F("at") - timedelta(minutes=minutes))

    def looked(self, blocks: int = 0) -> str:
        """So many blocks later, and as late as anybody asks: what became of it, as far as is known."""
        if blocks:
            self.node.mine(blocks)
        self.minutes_ago(0.2)
        self.street.looked()
        return self.said.known_fate or ""

    @property
    def _said(self) -> QuerySet[Announcement]:
        return Announcement.objects.filter(session=self.street.session)

    @property
    def said(self) -> Announcement:
        return self._said.get()

    def page(self, query: str = "") -> str:
        answer = self._client.get(f"/pay/{self.street.session.page_token}{query}")
        return " ".join(answer.content.decode().split())
