"""The page about payments on the business's own web pages: who may show them in a frame, and paying again."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from merchants_app.businesses.embedding import LONGEST_ORIGIN, MOST_ORIGINS, WrongOrigin, origins_of
from merchants_app.businesses.money_rules import change_settings
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.pages import page


class EmbeddingForm(forms.Form):
    """One origin a line, and whether buyers may begin anew."""

    embed_origins = forms.CharField(
        label="Origins that may show payments in a frame",
        required=False,
        max_length=MOST_ORIGINS * (LONGEST_ORIGIN + 2),
        help_text="One a line, such as https://shop.example: no path, and www is another one. In test mode "
        "http://localhost:3000 works too. Empty: none may.",
        widget=forms.Textarea({"rows": 4, "spellcheck": "false", "autocapitalize": "off", "inputmode": "url"}),
    )
    allow_pay_again = forms.BooleanField(
        label="Buyers may pay again when an order's time is over, or they cancelled it",
        required=False,
        help_text="A new session takes the place of the old one, and you get checkout.created for it. A shop can say "
        "otherwise for a session (allowPayAgain). Of payment links everybody may.",
    )

    def clean_embed_origins(self) -> list[str]:
        """Each once, as browsers write it."""
        try:
            return origins_of(self.cleaned_data["embed_origins"].splitlines())
        except WrongOrigin as refusal:
            raise forms.ValidationError(refusal.detail) from refusal


@for_members(change=Power.MANAGE_SETTINGS)
def embedding(request: HttpRequest, access: Access) -> HttpResponse:
    """For both modes."""
    merchant = access.merchant
    now: dict[str, Any] = {
        "embed_origins": "\n".join(merchant.embed_origins),
        "allow_pay_again": merchant.allow_pay_again,
    }
    form = EmbeddingForm(request.POST if request.method == "POST" else None, initial=now)
    if form.is_valid():
        changed = change_settings(merchant=merchant, actor=access.actor, **form.cleaned_data)
        messages.success(request, "Saved." if changed else "Nothing was different, so nothing was changed.")
        return redirect("dashboard:embedding", at=access.at)
    if not access.may(Power.MANAGE_SETTINGS):
        for field in form.fields.values():
            field.disabled = True
    return page(request, access, "embedding.html", form=form, server=settings.PUBLIC_URL)
