"""Dashboard pages for what is sold by hand: a session for one buyer, and payment links for many.

Both are checked by the same classes as the API's bodies, so that nothing can be made here that cannot be made there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from common.email_addresses import MailboxField
from common.errors import DomainError
from common.fiat.currencies import Currency
from common.network.languages import Offer
from merchants_app.businesses.ways import ways_to_pay
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.forms import offer, once, refuse
from merchants_app.frame.pages import page
from merchants_app.frame.paging import newest_first
from sessions_app.letters.beforehand import asked_to_pay
from sessions_app.reading.people import LinkFigures, LinkState, figures_of, lately, links_listed
from sessions_app.scope import SessionScope
from sessions_app.selling.by_hand import NO_SHOP, alter_link, make_link, sell
from sessions_app.selling.creation import SessionTerms
from sessions_app.selling.payment_links import link_url
from sessions_app.terms.links import ChangeLink, CreateLink
from sessions_app.terms.sessions import CreateSession

# What is sent → its words, and how long.
ENDS = {
    "1h": ("in 1 hour", timedelta(hours=1)), "1d": ("in 1 day", timedelta(days=1)),
    "3d": ("in 3 days", timedelta(days=3)), "7d": ("in 7 days", timedelta(days=7)),
}  # fmt: skip
_ANY_LANGUAGE = ("", "As the buyer's browser and your settings say")
_CURRENCIES = [(each.value, f"{each.value}, {each.label}") for each in Currency]


class _Checked(forms.Form):
    """A form whose fields one of the API's classes checks; what it finds stands at the fields."""

    # Field of the body → field of the form, where they are called otherwise.
    names: Mapping[str, str] = {}

    def tell(self, faults: ValidationError) -> None:
        """Puts the faults of a body to the form's fields."""
        details = faults.detail
        assert isinstance(details, dict)
        for name, found in details.items():
            name = name.partition(".")[0]  # of a list, whichever part it is
            field = self.names.get(name, name)
            text = " ".join(str(each) for each in found) if isinstance(found, list) else str(found)
            self.add_error(field if field in self.fields else None, text)


def _amount(**options: Any) -> forms.CharField:
    """A field for an amount: the API's class reads it."""
    widget = forms.TextInput({"inputmode": "decimal", "autocomplete": "off"})
    return forms.CharField(max_length=40, widget=widget, **options)


class SessionForm(_Checked):
    """A session for one buyer: an invoice."""

    names = {
        "productName": "product", "productDescription": "description", "expiresAt": "ends", "allowedAssets": "assets",
    }  # fmt: skip

    amount = _amount()
    currency = forms.ChoiceField(choices=_CURRENCIES)
    product = forms.CharField(label="What is it for?", max_length=250)
    description = forms.CharField(
        label="In more words (optional)", max_length=1000, required=False, widget=forms.Textarea({"rows": 2})
    )
    name = forms.CharField(label="Buyer's name (if known)", max_length=200, required=False)
    email = MailboxField(
        label="Buyer's e-mail address (if known)",
        max_length=254,
        required=False,
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    reference = forms.CharField(
        label="Your order's number (if any)", max_length=200, required=False, help_text="One live session for each."
    )
    assets = forms.MultipleChoiceField(
        label="Assets",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="On every network on which you take them. None ticked: everything.",
    )
    locale = forms.ChoiceField(label="Language of the page and the letter", required=False)
    ends = forms.ChoiceField(choices=[(sent, words) for sent, (words, _) in ENDS.items()], initial="7d")
    letter = forms.BooleanField(
        label="Write to the buyer now, with the link", required=False, help_text="If you know the address."
    )

    def __init__(self, *args: Any, takes: Sequence[str], speaks: Offer, **options: Any) -> None:
        """`takes`: the assets that the business is paid in; `speaks`: what it has on offer."""
        super().__init__(*args, **options)
        offer(self, "locale", [_ANY_LANGUAGE, *(each for each in settings.LANGUAGES if each[0] in speaks.languages)])
        offer(self, "assets", [(each, each) for each in takes])
        self.fields["assets"].initial = list(takes)
        self.takes = takes

    @property
    def paid_with(self) -> list[str]:
        """The assets that are ticked, where these are some and not all."""
        ticked = [each for each in self.takes if each in (self["assets"].value() or ())]
        return ticked if len(ticked) < len(self.takes) else []

    def body(self, now: datetime) -> dict[str, Any]:
        """As a shop would send it."""
        typed = self.cleaned_data
        body = {
            "amount": typed["amount"], "currency": typed["currency"], "successUrl": NO_SHOP, "cancelUrl": NO_SHOP,
            "email": typed["email"], "name": typed["name"], "metadata": {}, "productId": "",
            "productName": typed["product"], "productDescription": typed["description"],
            "allowedAssets": self.paid_with, "expiresAt": (now + ENDS[typed["ends"]][1]).isoformat(),
        }  # fmt: skip
        return body | {name: typed[name] for name in ("reference", "locale") if typed[name]}


class LinkChangeForm(_Checked):
    """What of a payment link may change while buyers hold it."""

    names = {"productName": "product", "productDescription": "description", "endsAt": "ends_at"}

    product = forms.CharField(label="What is it for?", max_length=250)
    description = forms.CharField(
        label="In more words (optional)", max_length=1000, required=False, widget=forms.Textarea({"rows": 2})
    )
    stock = forms.IntegerField(
        label="Stock (optional)", min_value=1, required=False, help_text="How many can be sold. Empty: no limit."
    )
    ends_at = forms.DateTimeField(
        label="Ends (optional)", required=False, widget=forms.DateTimeInput({"type": "datetime-local"})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["ends_at"].help_text = f"By the clock of {timezone.get_current_timezone_name()}."

    def body(self) -> dict[str, Any]:
        """As a shop would send it."""
        typed, ends = self.cleaned_data, self.cleaned_data["ends_at"]
        return {
            "productName": typed["product"], "productDescription": typed["description"], "stock": typed["stock"],
            "endsAt": ends.isoformat() if ends else None,
        }  # fmt: skip


class LinkForm(LinkChangeForm):
    """A new payment link."""

    names = {**LinkChangeForm.names, "minAmount": "least", "maxAmount": "most", "quickAmounts": "quick"}

    amount = _amount(label="Price", required=False, help_text="Empty: the buyer says how much.")
    currency = forms.ChoiceField(choices=_CURRENCIES)
    least = _amount(label="At least", required=False)
    most = _amount(label="At most", required=False)
    quick = forms.CharField(
        label="Amounts to propose",
        max_length=400,
        required=False,
        help_text="Where the buyer says how much. Up to eight, with spaces between: 3 5 10.",
    )

    def body(self) -> dict[str, Any]:
        """As a shop would send it."""
        typed = self.cleaned_data
        return super().body() | {
            "amount": typed["amount"] or None, "currency": typed["currency"], "minAmount": typed["least"] or None,
            "maxAmount": typed["most"] or None, "quickAmounts": typed["quick"].replace(", ", " ").split(),
        }  # fmt: skip

    @property
    def is_limited(self) -> bool:
        """Whether anything of what a buyer may choose was typed."""
        return any(self[name].value() for name in ("least", "most", "quick"))


@for_members(see=Power.HANDLE_SESSIONS, change=Power.HANDLE_SESSIONS)
def new_session(request: HttpRequest, access: Access) -> HttpResponse:
    """A session made by hand. `?email=` and `?name=` fill in a customer who is known; a POST with `see` makes none and
    shows the letter that would leave.
    """
    known = {"name": request.GET.get("name", ""), "email": request.GET.get("email", "")}
    start = {"currency": access.merchant.reporting_currency, "ends": "7d", "letter": True} | known
    takes = dict.fromkeys(option.asset.symbol for option in ways_to_pay(access.merchant, access.mode))
    form = SessionForm(request.POST or None, initial=start, takes=list(takes), speaks=access.merchant.speaks)
    letter, language = None, ""
    if form.is_valid():
        try:
            terms = CreateSession.parse(form.body(timezone.now()), mode=access.mode).agreed()
            if "see" in request.POST:
                letter, language = asked_to_pay(merchant=access.merchant, mode=access.mode, terms=terms)
            else:
                return _made_by_hand(request, access, terms, writes=form.cleaned_data["letter"])
        except ValidationError as faults:
            form.tell(faults)
        except DomainError as refusal:
            refuse(form, refusal)
    status = 400 if form.errors else 200
    return page(request, access, "new_session.html", status=status, form=form, letter=letter, language=language)


def _made_by_hand(request: HttpRequest, access: Access, terms: SessionTerms, *, writes: bool) -> HttpResponse:
    def sold() -> str:
        """The session's id, and what becomes of the letter."""
        session, fate = sell(merchant=access.merchant, mode=access.mode, terms=terms, actor=access.actor, writes=writes)
        return f"{session.public_id} {fate}"

    session_id, letter = once(request, access, sold).split(" ", 1)
    messages.success(request, f"Made. Its link stands below. {letter}".strip())
    return redirect("dashboard:session", at=access.at, session_id=session_id)


@for_members(change=Power.HANDLE_SESSIONS)
def links(request: HttpRequest, access: Access) -> HttpResponse:
    """The links with how they do, all or as `?q=` and `?state=` say, the first with its code; a POST makes one."""
    form = LinkForm(request.POST or None, initial={"currency": access.merchant.reporting_currency})
    if form.is_valid():
        try:
            link_id = once(request, access, lambda: _made(form, access))
        except ValidationError as faults:
            form.tell(faults)
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, "Made. Anybody with its address can pay.")
            return redirect("dashboard:link", at=access.at, link_id=link_id)
    asked, state = request.GET.get("q", ""), request.GET.get("state", "")
    shown = newest_first(links_listed(SessionScope.of(access), asked, state, timezone.now()), request.GET)
    rows = figures_of(shown.rows, timezone.now())
    first = _card(rows[0]) if rows else {}
    return page(
        request, access, "links.html", status=400 if form.errors else 200, form=form, shown=shown, rows=rows,
        asked=asked, state=state, states=LinkState.choices, **first,
    )  # fmt: skip


def _card(row: LinkFigures) -> dict[str, Any]:
    """What the card of one link tells."""
    return {"row": row, "url": link_url(row.link), "lately": lately(row.link, timezone.now())}


def _made(form: LinkForm, access: Access) -> str:
    wanted = CreateLink.parse(form.body(), mode=access.mode)
    return make_link(merchant=access.merchant, mode=access.mode, terms=wanted.given(), actor=access.actor).public_id


@for_members(change=Power.HANDLE_SESSIONS)
def link(request: HttpRequest, access: Access, link_id: str) -> HttpResponse:
    """One link, its code and its figures; a POST changes it."""
    found = SessionScope.of(access).link(link_id)
    start = {
        "product": found.product_name, "description": found.product_description, "stock": found.stock,
        "ends_at": found.ends_at,
    }  # fmt: skip
    form = LinkChangeForm(request.POST or None, initial=start)
    if form.is_valid():
        try:
            alter_link(found, ChangeLink.parse(form.body(), mode=access.mode).given(), actor=access.actor)
        except ValidationError as faults:
            form.tell(faults)
        else:
            messages.success(request, "Saved. Sessions that exist keep what they were opened with.")
            return redirect("dashboard:link", at=access.at, link_id=link_id)
    (figures,) = figures_of([found], timezone.now())
    status = 400 if form.errors else 200
    return page(request, access, "link.html", status=status, form=form, **_card(figures))


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def switch_link(request: HttpRequest, access: Access, link_id: str) -> HttpResponse:
    """On or off (`on=1`)."""
    found, on = SessionScope.of(access).link(link_id), request.POST.get("on") == "1"
    alter_link(found, {"is_active": on}, actor=access.actor)
    messages.success(request, "Buyers can pay by it again." if on else "Nobody can begin to pay by it any more.")
    return redirect("dashboard:link", at=access.at, link_id=link_id)
