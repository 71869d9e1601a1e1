"""The dashboard's forms: what may be typed, and what a field says when it is wrong. The rules are elsewhere.

And a form that is sent again, by a second click or by going back, is done once: the second answer is the first one. A
payment link's is, too.
"""

import re
import time as clock
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest
from typing_extensions import override

from chains_app.receiving.xpub import PrivateKeyRefused, looks_private
from common.admin.refusals import refuse as refuse
from common.email_addresses import MailboxField
from common.money import CURRENCIES
from merchants_app.businesses.money_rules import amounts_text
from merchants_app.models import KeyScope, Role, TreasuryKind, User
from merchants_app.powers import SCOPE_WORDS, scopes_within
from merchants_app.requests.form_keys import form_key
from merchants_app.requests.idempotency import Answer, Asking, StillRunning, answer_once

_SCOPES = [(scope.value, f"{scope}: {words}") for scope, words in SCOPE_WORDS.items()]
_AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?")
_IN_BRACES = re.compile(r"[{}]")
REFERENCE = "{reference}"
ONCE = "once"  # a secret of the page's own, by which a form that is sent again is known: `{% once %}`
# How long a second click waits for what the first one does, which takes a fraction of that.
_TRIES, _PAUSE_SECONDS = 50, 0.1


class ApiKeyForm(forms.Form):
    """A new API key. `role` is its maker's, who can give it no more than they have in the mode."""

    name = forms.CharField(
        max_length=80,
        help_text="Where it will be used: “Web shop”, “Accounting”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="May",
        choices=_SCOPES,
        initial=[KeyScope.READ, KeyScope.WRITE],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Allow at least one: a key that may do nothing is of no use."},
    )
    expires_at = forms.DateField(
        label="Last day (optional)",
        required=False,
        help_text="It works until that day ends (UTC). Owners get a letter a week ahead. Empty: no end.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, role: Role, mode: str, **options: Any) -> None:
        super().__init__(*args, **options)
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)
        within = scopes_within(role, mode=mode)
        if beyond := [scope for scope in SCOPE_WORDS if scope not in within]:
            # They stay valid for the form, so that the rule can say why not; they are not offered.
            scopes.widget.choices = [(scope, label) for scope, label in _SCOPES if scope in within]
            names = " and ".join(f"“{scope}”" for scope in beyond)
            scopes.help_text = f"Not {names}: your role ({role.label}) may not do that itself in {mode} mode."

    def clean_expires_at(self) -> datetime | None:
        """The last moment of the day."""
        day: date | None = self.cleaned_data["expires_at"]
        return datetime.combine(day, time.max, tzinfo=UTC) if day else None


class _NothingPrivate(forms.TextInput):
    """A private key or seed words are not drawn again, whatever was wrong with the form."""

    @override
    def format_value(self, value: Any) -> Any:
        return None if looks_private(str(value or "")) else super().format_value(value)


class TreasuryForm(forms.Form):
    """A new receiving wallet."""

    kind = forms.ChoiceField(
        label="What do you have?",
        choices=[
            (TreasuryKind.ADDRESS, "A wallet address: hardware wallet, Safe, browser wallet"),
            (TreasuryKind.XPUB, "An account public key (xpub): each buyer gets a plain address of your wallet"),
        ],
        initial=TreasuryKind.ADDRESS,
        widget=forms.RadioSelect,
    )
    value = forms.CharField(
        label="Address or xpub",
        help_text="0x… with its capital letters as your wallet shows it, or xpub…. Never a private key or seed phrase.",
        widget=_NothingPrivate(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
    )

    def clean_value(self) -> str:
        """Refuses what is secret before anything else is said of it."""
        value = str(self.cleaned_data["value"])
        if looks_private(value):
            raise forms.ValidationError(str(PrivateKeyRefused()))
        return value


class OwnershipForm(forms.Form):
    """The signature that proves a wallet is the merchant's."""

    signature = forms.CharField(
        max_length=4000,
        help_text="0x…, as the wallet answers it.",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )


class InviteForm(forms.Form):
    """A new member of the team."""

    email = MailboxField(label="E-mail address", max_length=254)
    role = forms.ChoiceField(choices=Role.choices, initial=Role.VIEWER)


class PasswordForm(forms.Form):
    """A password for a new account, twice."""

    password1 = forms.CharField(
        label="Password",
        max_length=200,
        strip=False,
        help_text="At least 10 characters.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label="Password, once more",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    @override
    def clean(self) -> dict[str, Any]:
        """By the rules for all passwords; the address itself is none."""
        typed = self.cleaned_data
        if "password1" in typed:
            try:
                validate_password(typed["password1"], User(email=self.email))
            except forms.ValidationError as error:
                self.add_error("password1", error)
        if "password1" in typed and "password2" in typed and typed["password1"] != typed["password2"]:
            self.add_error("password2", "These are two different passwords. Type the same one twice.")
        return typed


class AmountsField(forms.CharField):
    """Amounts by currency, typed as 'NGN 800, KWD 0.30'."""

    @override
    def prepare_value(self, value: Any) -> Any:
        return amounts_text(value) if isinstance(value, dict) else value

    @override
    def to_python(self, value: Any) -> Any:
        amounts: dict[str, Decimal] = {}
        for part in filter(None, (each.strip() for each in str(super().to_python(value)).split(","))):
            currency, _, amount = part.upper().partition(" ")
            if currency not in CURRENCIES:
                raise forms.ValidationError(f"{currency[:20]} is no currency that can be asked for.")
            if not _AMOUNT.fullmatch(amount.strip()):
                raise forms.ValidationError(f"Give an amount after {currency}, as in: NGN 800, KWD 0.30.")
            amounts[currency] = Decimal(amount.strip())
        return amounts

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class LinkField(forms.CharField):
    """An https:// address that buyers are led to."""

    def __init__(self, *, holds_reference: bool = False, **options: Any) -> None:
        attrs = {"inputmode": "url", "spellcheck": "false", "autocapitalize": "off", "placeholder": "https://"}
        super().__init__(max_length=500, required=False, widget=forms.TextInput(attrs), **options)
        self.holds_reference = holds_reference

    @override
    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if not text:
            return ""
        plain = text.replace(REFERENCE, "1") if self.holds_reference else text
        if _IN_BRACES.search(plain):
            known = f" but {REFERENCE}" if self.holds_reference else ""
            raise forms.ValidationError(f"Nothing in braces is filled in here{known}: write the address out.")
        try:
            parts = urlsplit(plain)
            is_whole = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
        except ValueError:
            is_whole = False
        if not is_whole or re.search(r"[\s\x00-\x1f\"<>\\]", text):
            raise forms.ValidationError("Give the whole address, as in https://shop.example/terms.")
        return text


class BusinessForm(forms.Form):
    """A new business."""

    name = forms.CharField(
        label="Name of the business",
        max_length=120,
        help_text="Buyers see it on top of the payment page. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class RoleForm(forms.Form):
    """A member's other role."""

    role = forms.ChoiceField(choices=Role.choices)


class NumberField(forms.DecimalField):
    """A number as people type it. Zero is plain zero: PostgreSQL would stumble over the exponent of `0e99999999`."""

    def to_python(self, value: Any) -> Any:
        """The number; None where none is needed and none was given."""
        number: Decimal | None = super().to_python(value)
        return Decimal(0) if number is not None and number.is_zero() else number


class TransactionField(forms.RegexField):
    """A transaction's hash, in any case of letters; cleaned it is as networks write it."""

    def __init__(self, **options: Any) -> None:
        invalid = "A transaction hash is 0x and 64 characters 0-9, a-f."
        super().__init__(r"^0x[0-9a-fA-F]{64}$", strip=True, error_messages={"invalid": invalid}, **options)

    def clean(self, value: Any) -> str:
        """The hash in small letters; empty where none is needed and none was given."""
        return str(super().clean(value)).lower()


class TransactionForm(forms.Form):
    """A transaction that the merchant's wallet sent."""

    tx_hash = TransactionField(
        label="Transaction hash",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def offer(form: forms.BaseForm, name: str, choices: Sequence[tuple[str, str]]) -> None:
    """What a field is chosen from, where that is known only now."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def once(
    request: HttpRequest, whose: Asking, act: Callable[[], str], *, before: Callable[[], object] | None = None
) -> str:
    """What `act` says, which is kept for a day, encrypted: of a form that was sent before, what it said then.

    With another word in it, it is another form. Whatever `act` raises undoes what it did, and is raised.
    `before` asks others, while no transaction is open, for what `act` then only looks up.
    """
    typed = request.POST.copy()
    typed.pop("csrfmiddlewaretoken", None)
    if not typed.get(ONCE):
        if before:
            before()
        return act()
    for tries_left in reversed(range(_TRIES)):
        try:
            return answer_once(
                key=whose,
                idempotency_key=form_key(typed.urlencode()),
                method="POST",
                path=request.path,
                body=b"",
                act=lambda: Answer(200, act().encode()),
                before=before,
            ).body.decode()
        except StillRunning:
            if not tries_left:
                raise
            clock.sleep(_PAUSE_SECONDS)
    raise AssertionError("the last try answers or raises")
