"""A session as it was read, with all that its representation and its facts need: records, which nobody can save.

Fields are named as the models' are, so that what reads a session reads either (`children.Session`).
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple


class CustomerView(NamedTuple):
    """Whom a session is for."""

    public_id: str


class DepositView(NamedTuple):
    """Where its buyer pays."""

    address: str


class QuoteView(NamedTuple):
    """What is to be paid, and until when at that rate. `amount_units` are base units: one whole is 10^`decimals`."""

    asset: str
    network: str
    decimals: int
    amount_units: Decimal
    rate: Decimal
    valid_until: datetime
    provenance: Any  # JSON: sources of the rate with values and ages


class PaymentView(NamedTuple):
    """A transfer that reached the session's address."""

    id: int
    public_id: str
    network: str
    asset: str
    tx_hash: str
    log_index: int
    sender: str
    decimals: int
    amount_units: Decimal
    block_number: int | None
    arrived_at: datetime
    counts: bool
    basis: str
    rate: Decimal | None
    value: Decimal | None
    confirmations_needed: int
    seen_at: datetime
    confirmed_at: datetime | None
    first_confirmed_at: datetime | None
    vanished_at: datetime | None
    times_vanished: int


class DecisionView(NamedTuple):
    """What the merchant decided about odd payments; `seen` are those that it is about."""

    kind: str
    issue: str
    seen: Sequence[str]
    tx_hash: str
    decided_at: datetime


class RefundView(NamedTuple):
    """A transfer back to the buyer."""

    id: int
    public_id: str
    network: str
    asset: str
    decimals: int
    amount_units: Decimal
    value: Decimal
    rate: Decimal
    rate_basis: str
    status: str
    to_address: str
    reason: str
    created_at: datetime
    prepared_at: datetime | None
    withdrawn_at: datetime | None
    is_beside_what_paid: bool
    issue: str
    told_tx: str
    tx_hash: str
    seen_at: datetime | None
    confirmed_at: datetime | None


class SessionView(NamedTuple):
    """The session. Money is in `currency`, exact; `quote` and `deposit` are there once an option was picked."""

    id: int
    public_id: str
    page_token: str
    merchant_id: int
    mode: str
    amount: Decimal
    currency: str
    success_url: str
    cancel_url: str
    email: str
    name: str
    product_id: str
    product_name: str
    product_description: str
    allowed_assets: Sequence[str]
    reference: str | None
    locale: str
    supersedes: str | None
    superseded_by: str | None
    order_paid_by: str | None
    tolerance_percent: Decimal
    tolerance_amount: Decimal
    status: str
    payment_status: str
    issue: str | None
    needs_decision: bool
    quote_id: int | None
    expires_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    metadata: dict[str, Any]  # JSON of the shop's own
    customer: CustomerView
    deposit: DepositView | None
    quote: QuoteView | None
    payments: Sequence[PaymentView] = ()  # vanished ones too
    decisions: Sequence[DecisionView] = ()  # oldest first
    refunds: Sequence[RefundView] = ()  # withdrawn ones too
