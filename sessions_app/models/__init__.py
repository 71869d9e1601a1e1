"""The models of this app, one topic a file."""

from sessions_app.models.address_change import AddressChange
from sessions_app.models.announcement import (
    ASKED_FOR_AGAIN,
    BY_WALLET,
    FOR_GOOD,
    NEVER_PAYS,
    REPLACED,
    Announcement,
    Fate,
    has_become,
)
from sessions_app.models.authorization import Authorization, AuthorizationStage
from sessions_app.models.book_line import (
    BookLine,
    BooksPosition,
    BookSum,
    LineKind,
    MonthEndBalance,
    UnbookedFee,
    Untold,
)
from sessions_app.models.customer import CALLED, Customer
from sessions_app.models.decision import Decision, PendingDecision
from sessions_app.models.deposit import DepositAddress, SpareDeposit
from sessions_app.models.in_writing import Letter, Receipt, ReceiptKey, receipt_token
from sessions_app.models.money_search import MoneySearch
from sessions_app.models.payment import Payment, Quote
from sessions_app.models.payment_link import PaymentLink
from sessions_app.models.refund import Refund, RefundCandidate
from sessions_app.models.saved_view import SavedView, ViewOf
from sessions_app.models.session import HOLDS_REFERENCE, CheckoutSession, StatusChange
from sessions_app.models.session_note import LONGEST_NOTE, SessionNote

__all__ = [
    "ASKED_FOR_AGAIN",
    "BY_WALLET",
    "CALLED",
    "FOR_GOOD",
    "HOLDS_REFERENCE",
    "LONGEST_NOTE",
    "NEVER_PAYS",
    "REPLACED",
    "AddressChange",
    "Announcement",
    "Authorization",
    "AuthorizationStage",
    "BookLine",
    "BookSum",
    "BooksPosition",
    "CheckoutSession",
    "Customer",
    "Decision",
    "DepositAddress",
    "Fate",
    "Letter",
    "LineKind",
    "MoneySearch",
    "MonthEndBalance",
    "Payment",
    "PaymentLink",
    "PendingDecision",
    "Quote",
    "Receipt",
    "ReceiptKey",
    "Refund",
    "RefundCandidate",
    "SavedView",
    "SessionNote",
    "SpareDeposit",
    "StatusChange",
    "UnbookedFee",
    "Untold",
    "ViewOf",
    "has_become",
    "receipt_token",
]
