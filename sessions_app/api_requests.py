"""Bodies and queries of the checkout API, beside the create call's (`terms.py`)."""

from django.http import QueryDict
from rest_framework import serializers

from common.bounded_lists import BoundedListField
from common.strict_serializers import MomentField, StrictSerializer, TextField, WordField
from sessions_app.scenarios import Scenario
from sessions_app.status import DecisionKind, Issue, PaymentStatus, Status


class ListSessions(StrictSerializer):
    """The query of `GET /api/v1/checkout`; `metadata[key]=value` comes beside it."""

    limit = serializers.IntegerField(
        default=20, min_value=1, max_value=100, help_text="Sessions a page, at most 100. Example: 20"
    )
    after = TextField(
        required=False,
        max_length=60,
        help_text="Continue after this session: from the `Link` header. Example: cs_01h455vb4pex5vsknk084sn02q",
    )
    status = WordField(required=False, choices=Status.choices, help_text="Only sessions in this status. Example: open")
    paymentStatus = WordField(
        required=False, choices=PaymentStatus.choices, help_text="Only with this payment status. Example: partial"
    )
    email = TextField(
        required=False, max_length=254, help_text="Only of this buyer, in any case. Example: pat@example.com"
    )
    reference = TextField(required=False, max_length=200, help_text="Only with this reference. Example: order-1001")
    productId = TextField(required=False, max_length=200, help_text="Only of this product. Example: 1234567890")
    createdAfter = MomentField(required=False, help_text="Only created after this time. Example: 2030-01-01T00:00:00Z")
    createdBefore = MomentField(
        required=False, help_text="Only created before this time. Example: 2030-01-31T00:00:00Z"
    )


class ListIssues(StrictSerializer):
    """The query of `GET /api/v1/issues`."""

    limit = serializers.IntegerField(
        default=100, min_value=1, max_value=100, help_text="Issues a page, at most 100. Example: 20"
    )
    after = serializers.RegexField(
        r"^[0-9]{16}-cs_[0-9a-z]{1,40}$",
        required=False,
        error_messages={"invalid": "Take the whole next page from the `Link` header."},
        help_text="Continue after this issue: from the `Link` header. "
        "Example: 0001764115200000-cs_01h455vb4pex5vsknk084sn02q",
    )


class ChooseOption(StrictSerializer):
    """The body of `POST /api/v1/checkout/{id}/quote`."""

    asset = TextField(max_length=16, help_text="Symbol of the asset. Example: USDC")
    network = TextField(max_length=32, help_text="Id of the network. Example: sandbox")


class Simulate(StrictSerializer):
    """The body of `POST /api/v1/checkout/{id}/simulate`."""

    scenario = WordField(choices=Scenario.choices, help_text="What the buyer does. Example: exact")
    asset = TextField(
        required=False, max_length=16, help_text="With which; else the one picked, or the first. Example: USDC"
    )
    network = TextField(required=False, max_length=32, help_text="Always the same; may be left out. Example: sandbox")


class Resolve(StrictSerializer):
    """The body of `POST /api/v1/checkout/{id}/resolve`."""

    decision = WordField(choices=DecisionKind.choices, help_text="What to do about it. Example: refunded")
    txHash = serializers.RegexField(
        r"^0x[0-9a-fA-F]{64}$",
        required=False,
        error_messages={"invalid": "Send the refund's transaction: 0x and 64 hexadecimal digits."},
        help_text=f"Of the refund: required with `refunded`, and refused with anything else. Example: 0x{'ab' * 32}",
    )
    note = TextField(required=False, max_length=500, help_text="For the audit log. Example: Pat pays the rest in cash")
    issue = WordField(
        required=False,
        choices=Issue.choices,
        help_text="The issue that you saw: another one by now is refused (409). Example: underpaid",
    )
    payments = BoundedListField(
        child=TextField(max_length=60),
        required=False,
        max_length=1000,
        help_text="The issue's `payments` that you saw in `GET /issues`: others by now are refused (409). "
        'Example: ["pay_01h455vb4pex5vsknk084sn02q"]',
    )


def metadata_filters(query: QueryDict) -> tuple[dict[str, str], QueryDict]:
    """Takes `metadata[key]=value` out of a query; returns both."""
    others = query.copy()
    found = {name[9:-1]: str(query[name]) for name in query if name.startswith("metadata[") and name.endswith("]")}
    for name in found:
        del others[f"metadata[{name}]"]
    return found, others
