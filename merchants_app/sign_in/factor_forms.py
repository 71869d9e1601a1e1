"""Forms of allauth's second factors, with our words; what is no passkey's answer is a sentence, never a crash."""

import json
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from fido2.webauthn import RegistrationResponse

# What reading somebody else's JSON and CBOR ends in when it is not what a passkey answers.
_NONSENSE = (AttributeError, KeyError, TypeError, ValueError)
_LONGEST_NAME = 60


class ActivateAppForm(ActivateTOTPForm):
    """The first code of an authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "Code that the app shows"
        self.fields["code"].widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"})


class AddPasskeyForm(AddWebAuthnForm):
    """A new passkey, or a security key that only stands beside the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = forms.CharField(
            required=False, max_length=_LONGEST_NAME, help_text="To tell it from others: “Laptop”, “Key on my ring”."
        )
        passwordless = forms.BooleanField(
            required=False,
            initial=True,
            label="Sign in with it alone, without the password",
            help_text="It then asks for your finger, face or PIN. Without this it stands beside the password.",
        )
        self.fields |= {"name": name, "passwordless": passwordless}

    def clean_credential(self) -> dict[str, Any]:
        """What the browser made, if it is what a browser makes."""
        credential = self.cleaned_data["credential"]
        try:
            RegistrationResponse.from_dict(credential)
        except _NONSENSE as error:
            raise get_adapter().validation_error("incorrect_code") from error
        if "\\u0000" in json.dumps(credential):  # which no column of PostgreSQL holds
            raise get_adapter().validation_error("incorrect_code")
        return dict(credential)


class RenamePasskeyForm(EditWebAuthnForm):
    """Another name for a passkey."""

    name = forms.CharField(max_length=_LONGEST_NAME)


class _AnswerOfPasskey:
    """For whoever signs in: an answer that is none is wrong, as a wrong one is."""

    def clean_credential(self) -> Any:
        """The factor that answered."""
        try:
            return super().clean_credential()  # type: ignore[misc]
        except _NONSENSE as error:
            raise get_adapter().validation_error("incorrect_code") from error


class SignInByPasskeyForm(_AnswerOfPasskey, LoginWebAuthnForm):
    """Instead of address and password."""


class PasskeyAsFactorForm(_AnswerOfPasskey, AuthenticateWebAuthnForm):
    """After the password."""


class PasskeyAgainForm(_AnswerOfPasskey, ReauthenticateWebAuthnForm):
    """Before something that changes who may sign in."""
