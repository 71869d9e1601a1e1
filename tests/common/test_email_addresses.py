"""Addresses that look like some and fit no letter: each form that asks for one refuses them."""

from email.errors import MessageError
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage

from common.email_addresses import why_unwritable
from merchants_app.admin.forms import NewBusinessForm
from merchants_app.frame.forms import InviteForm
from merchants_app.frame.settings_form import SettingsForm
from sessions_app.dashboard.selling import SessionForm
from sessions_app.pay.buyer_form import BuyerForm


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (BuyerForm, "email"),
        (InviteForm, "email"),
        (NewBusinessForm, "owner"),
        (SessionForm, "email"),
        (SettingsForm, "support_email"),
    ],
)
def test_a_form_refuses_what_fits_no_letter_and_takes_other_alphabets(form: Any, field: str) -> None:
    asked = form.base_fields[field]
    with pytest.raises(ValidationError, match="Enter a valid email address"):
        asked.clean("pat@" + "ä" * 60 + ".com")
    assert asked.clean("pat@münchen.example") == "pat@münchen.example"


@pytest.mark.parametrize(("fault", "said"), [(ValueError("too long"), "too long"), (MessageError(), "MessageError")])
def test_why_no_letter_can_be_written_is_said_in_any_case(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, said: str
) -> None:
    def message(_letter: EmailMessage) -> None:
        raise fault

    monkeypatch.setattr(EmailMessage, "message", message)
    assert why_unwritable(EmailMessage(to=["pat@example.com"])) == said
