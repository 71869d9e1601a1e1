"""The form of a business's settings: what may be typed, and what a field says when it is wrong."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from typing_extensions import override

from common.email_addresses import MailboxField
from common.fiat.currencies import Currency
from common.network.languages import EVERY, Offer
from merchants_app.businesses.logos import WrongLogo, drawn_anew
from merchants_app.businesses.money_rules import KeptTooShort, ReusedTooSoon, check_memory, check_rest
from merchants_app.businesses.words import NotOnOffer, check_languages, language_name
from merchants_app.frame.forms import REFERENCE, AmountsField, LinkField, offer
from merchants_app.models import BY_LANGUAGE, BuyerLetter, Merchant

_COLOR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
MOST_RECEIPT_LINES = 8


class OwnWordsInput(forms.Widget):
    """Fields for each language that is on offer, or has words, folded where there are none. Works without a script."""

    template_name = "dashboard/_own_words.html"
    on_offer: Sequence[str] = ()

    @override
    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, dict[str, str]]:
        typed = {
            code: {each: text for each in BY_LANGUAGE if (text := str(data.get(f"{name}-{code}-{each}", "")).strip())}
            for code in EVERY.languages
        }
        return {code: words for code, words in typed.items() if words}

    @override
    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False  # where all is empty, all was taken away

    @override
    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        words = value or {}
        shown = {code: language_name(code) for code in EVERY.languages if code in self.on_offer or code in words}
        rows = [
            (code, language, [(each, label, words.get(code, {}).get(each, "")) for each, label in BY_LANGUAGE.items()])
            for code, language in shown.items()
        ]
        return super().get_context(name, value, attrs) | {"rows": rows, "words": words}


class OwnWordsField(forms.Field):
    """What is said otherwise in single languages: by language, then by field, as each field alone takes it."""

    widget = OwnWordsInput

    @override
    def clean(self, value: Any) -> dict[str, dict[str, str]]:
        cleaned: dict[str, dict[str, str]] = {}
        faults = []
        for code, words in value.items():
            for name, text in words.items():
                try:
                    cleaned.setdefault(code, {})[name] = _one_word(name, text)
                except forms.ValidationError as wrong:
                    faults += [f"{language_name(code)}, {BY_LANGUAGE[name]}: {each}" for each in wrong.messages]
        if faults:
            raise forms.ValidationError(faults)
        return cleaned


def _one_word(name: str, text: str) -> str:
    if name == "thanks":
        return " ".join(forms.CharField(max_length=200).clean(text).split())
    return LinkField(holds_reference=name == "support_url").clean(text)


class SettingsForm(forms.ModelForm[Merchant]):
    """The merchant's name, look and money rules."""

    logo = forms.FileField(
        required=False,
        help_text="PNG, JPEG or WebP, best square, up to 500 KB. It is drawn anew and shown from here. Without one "
        "buyers see the first letter of the name.",
        widget=forms.ClearableFileInput({"accept": "image/png,image/jpeg,image/webp"}),
    )
    support_url = LinkField(
        label="Link for buyers' questions",
        holds_reference=True,
        help_text=f"{REFERENCE} becomes the order's number, as in https://shop.example/help?order={REFERENCE}.",
    )
    terms_url = LinkField(label="Link to your terms")
    privacy_url = LinkField(label="Link to your privacy notice")
    languages = forms.MultipleChoiceField(
        label="Your buyers' pages and letters are offered in",
        help_text="A buyer reads the one that they choose, else the session's own, else what the browser asks for: the "
        "first of these that you offer. Open pages follow at once.",
        error_messages={"required": "Offer at least one language."},
        widget=forms.CheckboxSelectMultiple,
    )
    language = forms.ChoiceField(
        label="The language for all other buyers",
        required=False,
        help_text="Whose own is not known, or not on offer. It is one of those above.",
    )
    own_words = OwnWordsField(
        label="Said otherwise in single languages",
        required=False,
        help_text="What is empty is said as in all other languages: as its own field on this page says it.",
    )
    tolerance_amounts = AmountsField(
        label="… or by at most, in single currencies",
        required=False,
        help_text="For instance: NGN 800, KWD 0.30. For all others the amount before this counts.",
    )
    reporting_currency = forms.ChoiceField(
        choices=[(each.value, f"{each.value}, {each.label}") for each in Currency],
        help_text="What totals over several currencies are told in.",
    )
    time_zone = forms.ChoiceField(help_text="When your days and months begin and end, and the clock of these pages.")

    buyer_letters_off = forms.MultipleChoiceField(
        label="Letters that your buyers do not get",
        required=False,
        choices=BuyerLetter.choices,
        help_text="All others they get, in the session's language. In test mode only your own people do.",
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Merchant
        field_classes: ClassVar = {"support_email": MailboxField}
        fields = (
            "name", "support_email", "brand_color", "support_url", "thanks", "terms_url", "privacy_url", "languages",
            "language", "own_words",
            "receipt_details", "returns_by_itself", "session_minutes", "quote_minutes", "grace_minutes", "watch_days",
            "tolerance_percent", "tolerance_amount", "tolerance_amounts", "spread_percent", "reporting_currency",
            "time_zone", "decision_letters", "collect_letters", "worth_it_percent", "buyer_letters_off",
            "keep_buyers_days", "reuse_after_days", "walletconnect_project_id",
        )  # fmt: skip
        labels = {
            "name": "Name of the business",
            "support_email": "E-mail for buyers' questions",
            "brand_color": "Colour",
            "thanks": "Words after the payment",
            "receipt_details": "Who sells, on receipts",
            "returns_by_itself": "Lead buyers back to the shop by itself once they have paid",
            "session_minutes": "Time to pay",
            "quote_minutes": "A price holds",
            "grace_minutes": "Grace after it",
            "watch_days": "Keep watching for late payments",
            "tolerance_percent": "Short by at most, in percent of the price",
            "tolerance_amount": "… and by at most, in the session's currency",
            "spread_percent": "Spread",
            "decision_letters": "A payment waits for a decision",
            "collect_letters": "Something is worth collecting",
            "worth_it_percent": "Worth collecting: fee at most",
            "keep_buyers_days": "Keep buyers' personal data",
            "reuse_after_days": "Use collected deposits again after",
            "walletconnect_project_id": "WalletConnect project id",
        }
        help_texts = {
            "name": "Buyers see it on top of the payment page.",
            "support_email": "Shown on the payment page. Empty: not shown.",
            "brand_color": "Of the main button. Text on it is chosen to be read well, in light and dark.",
            "thanks": "Up to 200 signs of plain text. Empty: none.",
            "receipt_details": "Your full name, postal address and VAT number, up to 8 lines. Below the business's "
            "name on every receipt, older ones too; it is no part of what is signed.",
            "returns_by_itself": "After ten seconds, which the buyer can stop. Otherwise there is the button alone.",
            "session_minutes": "5 to 10,080 (a week). A shop can set another end for a session.",
            "quote_minutes": "5 to 60. The page renews it; the longer, the more of a price's fall is yours.",
            "grace_minutes": "2 to 15, for blocks that come late: what is in one by then has the price of the quote.",
            "watch_days": "Money that arrives after the end is recorded and shown to you for this long.",
            "tolerance_percent": "Exchanges often keep a fee: short by no more than both limits counts as paid.",
            "tolerance_amount": "The smaller of the two limits decides. Empty: about what a dollar is worth in each "
            "currency.",
            "spread_percent": "Added to the market price when a price is locked, against swings until you exchange.",
            "decision_letters": "To members who can decide. Each may choose otherwise for themselves, under Decisions.",
            "collect_letters": "In live mode, to members who can collect. Each may choose otherwise for themselves, "
            "under Collect.",
            "worth_it_percent": "Of what waits, 0.1 to 20: what the page Collect calls worth it, and the letters.",
            "keep_buyers_days": "Names, e-mail addresses and metadata are erased so long after a buyer's last session "
            "ended; amounts stay. At least 30 days more than the watch. Empty: kept for ever.",
            "reuse_after_days": "Counted from the end of the watch, and longer than it. Empty: never; each session "
            "gets an address of its own.",
            "walletconnect_project_id": "32 letters and digits, of a project at dashboard.reown.com. Buyers then find "
            "“Other wallet (WalletConnect)”, which connects their browser to WalletConnect's relay, a third party. "
            "Empty: off.",
        }
        widgets = {
            "brand_color": forms.TextInput(attrs={"type": "color"}),
            "thanks": forms.Textarea(attrs={"rows": 2}),
            "receipt_details": forms.Textarea(attrs={"rows": 4}),
            "decision_letters": forms.RadioSelect,
            "collect_letters": forms.RadioSelect,
            "walletconnect_project_id": forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        spoken = {code: f"{language_name(code)} · {own}" for code, own in settings.LANGUAGES} | {"en": "English"}
        offer(self, "languages", list(spoken.items()))
        offer(self, "language", list(({"": spoken.pop("en")} | spoken).items()))
        self.initial["languages"] = self.instance.speaks.languages
        self.fields["own_words"].widget.on_offer = self.instance.speaks.languages
        offer(self, "time_zone", _time_zones(self.instance.time_zone))

    def clean_brand_color(self) -> str:
        """`#rrggbb`, in lower case."""
        color = str(self.cleaned_data["brand_color"])
        if not _COLOR.fullmatch(color):
            raise forms.ValidationError("Give a colour as #rrggbb, for instance #3d5afe.")
        return color.lower()

    def clean_logo(self) -> bytes | None:
        """The picture drawn anew; empty: take the present one away; None: leave it."""
        given = self.cleaned_data["logo"]
        if given is False:
            return b""
        if not isinstance(given, UploadedFile):
            return None
        try:
            return drawn_anew(given.read())
        except WrongLogo as refusal:
            raise forms.ValidationError(refusal.detail) from refusal

    def clean_languages(self) -> list[str]:
        """In the order of all lists; empty for all, so that one that is added to us is on offer too."""
        offered = Offer(self.cleaned_data["languages"]).languages
        return [] if offered == EVERY.languages else offered

    def clean_language(self) -> str:
        """One of those. Where they are wrong themselves, that is reported first."""
        own = str(self.cleaned_data["language"])
        if "languages" in self.cleaned_data:
            try:
                check_languages(self.cleaned_data["languages"], own=own)
            except NotOnOffer as refusal:
                raise forms.ValidationError(refusal.detail) from refusal
        return own

    def clean_thanks(self) -> str:
        """One line of text, however it was typed."""
        return " ".join(str(self.cleaned_data["thanks"]).split())

    def clean_receipt_details(self) -> str:
        """A few lines without empty ones."""
        lines = [" ".join(line.split()) for line in str(self.cleaned_data["receipt_details"]).splitlines()]
        lines = [line for line in lines if line]
        if len(lines) > MOST_RECEIPT_LINES:
            raise forms.ValidationError(f"These are {len(lines)} lines: at most {MOST_RECEIPT_LINES} fit the receipt.")
        return "\n".join(lines)

    def clean_keep_buyers_days(self) -> int | None:
        """Well beyond the watch, or empty."""
        return self._days("keep_buyers_days", check_memory)

    def clean_reuse_after_days(self) -> int | None:
        """Longer than the watch, or empty."""
        return self._days("reuse_after_days", check_rest)

    def _days(self, name: str, check: Callable[..., None]) -> int | None:
        """As that rule about the watch has it. Where the watch itself is wrong, that is reported first."""
        days: int | None = self.cleaned_data[name]
        if watch := self.cleaned_data.get("watch_days"):
            try:
                check(days, watch_days=watch)
            except (KeptTooShort, ReusedTooSoon) as error:
                raise forms.ValidationError(error.detail) from error
        return days


def _time_zones(present: str) -> list[tuple[str, str]]:
    """Those that are called by a place, with what the clock shows there; and the present one, whatever it is."""
    now = datetime.now().astimezone()
    zones = {present: ZoneInfo(present), **_places()}
    return [
        (name, f"{name.replace('_', ' ')}, now {now.astimezone(zones[name]):%H:%M}")
        for name in ["UTC", *sorted(zones.keys() - {"UTC"})]
    ]


@cache
def _places() -> dict[str, ZoneInfo]:
    """UTC and the zones that are called by a place. Read once: they are hundreds of files."""
    names = {name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))}
    return {name: ZoneInfo(name) for name in ["UTC", *names]}
