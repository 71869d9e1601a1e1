"""What a payment link asks its buyer: who they are, and how much they give where they choose."""

from decimal import Decimal
from typing import Any

from babel.numbers import get_decimal_symbol
from django import forms
from django.utils.translation import gettext_lazy

from common.email_addresses import MailboxField
from common.money import minor_digits, smallest_unit, to_minor_unit
from sessions_app.models import PaymentLink
from sessions_app.pay.typed_amount import UnclearAmount, typed_amount
from sessions_app.reading.amounts import money_text, readers_locale
from sessions_app.sentences import Sentence, filled, gettext, joined

ANY = "any"  # instead of one of the amounts that the link proposes
_MOST = Decimal(10) ** 16  # which no column holds


class BuyerForm(forms.Form):
    """The fields of the page; `cleaned_data` is what `open_link` takes."""

    name = forms.CharField(
        label=gettext_lazy("Your name"), max_length=200, widget=forms.TextInput({"autocomplete": "name"})
    )
    email = MailboxField(
        label=gettext_lazy("Your e-mail"), max_length=254, widget=forms.EmailInput({"autocomplete": "email"})
    )

    def __init__(self, link: PaymentLink, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options | {"label_suffix": ""})
        self.link = link
        if link.amount is not None:
            return
        if link.quick_amounts:
            self.fields["amount"] = self._quick()
            self.fields["free"] = self._typed(required=False)
        else:
            self.fields["amount"] = self._typed(required=True)

    def clean(self) -> dict[str, Any]:
        """With the amount as a number, wherever it was typed or picked."""
        data = self.cleaned_data
        if self.link.amount is not None or "amount" not in data:
            data.pop("free", None)
            return data
        picked, typed = data["amount"], data.pop("free", "")
        field = "free" if self.link.quick_amounts else "amount"
        if self.link.quick_amounts and picked != ANY:
            data["amount"] = Decimal(picked)
            return data
        try:
            data["amount"] = self._within(typed if self.link.quick_amounts else picked)
        except UnclearAmount as unclear:
            self.add_error(field, unclear.sentence)
        return data

    @property
    def limits(self) -> Sentence:
        """Between which amounts the buyer chooses, as a sentence; empty where nothing limits them."""
        least, most = self.link.min_amount, self.link.max_amount
        words = {"currency": self.link.currency}
        words |= {
            name: money_text(each, self.link.currency) for name, each in (("least", least), ("most", most)) if each
        }
        if least and most:
            return filled(gettext("From %(least)s to %(most)s %(currency)s."), words)
        if least:
            return filled(gettext("At least %(least)s %(currency)s."), words)
        return filled(gettext("At most %(most)s %(currency)s."), words) if most else Sentence()

    def _within(self, text: str) -> Decimal:
        """Raises `UnclearAmount`."""
        currency = self.link.currency
        amount = typed_amount(text, currency=currency, decimal_mark=get_decimal_symbol(readers_locale()))
        if amount < (self.link.min_amount or smallest_unit(currency)) or amount > (self.link.max_amount or _MOST - 1):
            raise UnclearAmount(self.limits or gettext("Type an amount above zero that can be paid."))
        return amount

    def _quick(self) -> forms.ChoiceField:
        currency = self.link.currency
        amounts = [to_minor_unit(each, currency) for each in self.link.quick_amounts]
        choices = [(str(each), f"{money_text(each, currency)} {currency}") for each in amounts]
        return forms.ChoiceField(
            label=gettext("Amount"),
            choices=[*choices, (ANY, gettext("Any amount"))],
            initial=choices[len(choices) // 2][0],
            widget=forms.RadioSelect,
        )

    def _how_to_type(self) -> Sentence:
        digits = minor_digits(self.link.currency)
        both = {"dot": f"7.{'5'.ljust(digits, '0')}", "comma": f"7,{'5'.ljust(digits, '0')}"}
        words = filled(gettext("%(dot)s and %(comma)s both work."), both) if digits else Sentence()
        return joined(filter(None, [self.limits, words]))

    def _typed(self, *, required: bool) -> forms.CharField:
        return forms.CharField(
            label=filled(gettext("Any amount in %(currency)s"), {"currency": self.link.currency}),
            required=required,
            max_length=40,
            help_text=self._how_to_type(),
            widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
        )
