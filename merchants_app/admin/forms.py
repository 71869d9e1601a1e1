"""The forms of the admin's own pages about a business: what operators say when they act on it."""

from typing import Any

from django import forms

from common.email_addresses import MailboxField
from merchants_app.businesses.limits import LETTERS_A_DAY
from merchants_app.frame.forms import InviteForm
from merchants_app.frame.settings_form import SettingsForm
from merchants_app.models import Member, Merchant


class NewBusinessForm(SettingsForm):
    """A new business, and who will own it."""

    owner = MailboxField(
        label="E-mail of the owner", max_length=254, help_text="They are written to, and choose a password."
    )


class AboutBusiness(forms.Form):
    """A form that knows which business it is about."""

    def __init__(self, *args: Any, merchant: Merchant, **options: Any) -> None:
        super().__init__(*args, **options)
        self.merchant = merchant


class LiftForm(AboutBusiness):
    """Asks for nothing: the button is enough."""


class ReasonForm(AboutBusiness):
    """Why, in words that the owners will read."""

    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea({"rows": 3, "cols": 60}),
        error_messages={"required": "Say why: the owners will read it."},
    )


class LimitsForm(AboutBusiness):
    """What the business may, where it is another than for everybody."""

    calls_a_minute = forms.IntegerField(
        label="API calls a minute",
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text="By all its keys together. Empty: as RATE_LIMIT_PER_KEY says, by each. RATE_LIMIT_PER_ADDRESS holds "
        "besides.",
    )
    letters_a_day = forms.IntegerField(
        label="Letters a day",
        required=False,
        min_value=0,
        max_value=100_000,
        help_text=f"That ask its buyers to pay, and receipts sent again. Empty: {LETTERS_A_DAY}, as for everybody; 0: "
        "none.",
    )

    def __init__(self, *args: Any, merchant: Merchant, **options: Any) -> None:
        now = {"calls_a_minute": merchant.calls_a_minute, "letters_a_day": merchant.letters_a_day}
        super().__init__(*args, merchant=merchant, initial=now, **options)


class InviteMemberForm(InviteForm, AboutBusiness):
    """As in the dashboard."""


class VisitForm(ReasonForm):
    """As whom an operator looks, and why."""

    member = forms.ModelChoiceField(Member.objects.none(), label="In the place of")
    field_order = ("member", "reason")

    def __init__(self, *args: Any, merchant: Merchant, **options: Any) -> None:
        super().__init__(*args, merchant=merchant, **options)
        members = Member.objects.filter(merchant=merchant).select_related("user").order_by("id")
        choice: Any = self.fields["member"]
        choice.queryset = members.filter(user__is_staff=False, user__is_superuser=False)
