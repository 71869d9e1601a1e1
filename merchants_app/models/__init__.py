"""The models of this app, one topic a file."""

from merchants_app.models.account import (
    FIRST_DAY,
    LAST_DAY,
    LAST_MOMENT,
    LEAST_KEPT_AFTER_WATCH,
    WRITTEN_TO,
    Member,
    Merchant,
    Role,
    User,
    WhenToWrite,
)
from merchants_app.models.api import ApiKey, IdempotencyRecord, KeyScope
from merchants_app.models.audit import AuditEntry
from merchants_app.models.buyer_letter import BuyerLetter
from merchants_app.models.collect_letters import CollectLetters
from merchants_app.models.installation import Installation
from merchants_app.models.invitation import Invitation
from merchants_app.models.logo import LARGEST_LOGO, Logo
from merchants_app.models.pay_page import BY_LANGUAGE
from merchants_app.models.request_log import LoggedRequest
from merchants_app.models.switch import Feature, Switch
from merchants_app.models.treasury import Treasury, TreasuryKind, XpubAccount
from merchants_app.models.visit import OperatorVisit
from merchants_app.models.ways import is_off, off_in_both, way

__all__ = [
    "BY_LANGUAGE",
    "FIRST_DAY",
    "LARGEST_LOGO",
    "LAST_DAY",
    "LAST_MOMENT",
    "LEAST_KEPT_AFTER_WATCH",
    "WRITTEN_TO",
    "ApiKey",
    "AuditEntry",
    "BuyerLetter",
    "CollectLetters",
    "Feature",
    "IdempotencyRecord",
    "Installation",
    "Invitation",
    "KeyScope",
    "LoggedRequest",
    "Logo",
    "Member",
    "Merchant",
    "OperatorVisit",
    "Role",
    "Switch",
    "Treasury",
    "TreasuryKind",
    "User",
    "WhenToWrite",
    "XpubAccount",
    "is_off",
    "off_in_both",
    "way",
]
