"""The models of this app, one topic a file."""

from merchants_app.models.account import LEAST_KEPT_AFTER_WATCH, Member, Merchant, Role, User
from merchants_app.models.api import ApiKey, IdempotencyRecord, KeyScope
from merchants_app.models.audit import AuditEntry
from merchants_app.models.invitation import Invitation
from merchants_app.models.request_log import LoggedRequest
from merchants_app.models.treasury import Treasury, TreasuryKind
from merchants_app.models.visit import OperatorVisit

__all__ = [
    "LEAST_KEPT_AFTER_WATCH",
    "ApiKey",
    "AuditEntry",
    "IdempotencyRecord",
    "Invitation",
    "KeyScope",
    "LoggedRequest",
    "Member",
    "Merchant",
    "OperatorVisit",
    "Role",
    "Treasury",
    "TreasuryKind",
    "User",
]
