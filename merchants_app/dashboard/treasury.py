"""Dashboard page of the treasury: where money goes, how it is changed, and proof that the wallet is the merchant's."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from chains_app.receiving.xpub import looks_private, xpub_address
from common.errors import DomainError, NotFound
from merchants_app.frame.access import Access, Power, for_members, in_live
from merchants_app.frame.forms import OwnershipForm, TreasuryForm, refuse
from merchants_app.frame.pages import page
from merchants_app.models import Treasury, TreasuryKind
from merchants_app.scope import Scope
from merchants_app.treasuries import treasuries
from merchants_app.treasuries.ownership import claim_of, prove_ownership


def _in_live_unless_private(request: HttpRequest, access: Access) -> bool:
    # Who is asked for the password has the form kept for them meanwhile: not when a secret was pasted into it. It is
    # refused all the same.
    return in_live(request, access) and not looks_private(request.POST.get("value", ""))


@for_members(change=Power.MANAGE_TREASURY, fresh=_in_live_unless_private)
def treasury(request: HttpRequest, access: Access) -> HttpResponse:
    """The wallet in force, one that waits, former ones; a POST names another (live mode: the password again)."""
    form = TreasuryForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        kind, value = form.cleaned_data["kind"], form.cleaned_data["value"]
        try:
            treasuries.set_treasury(
                merchant=access.merchant, mode=access.mode, kind=kind, by=access.actor, **{kind: value}
            )
        except DomainError as error:
            error.attr = "value"
            refuse(form, error)
        else:
            messages.success(request, "The receiving wallet is set. Compare it once more with your wallet, below.")
            return redirect("dashboard:treasury", at=access.at)
    return _page(request, access, form=form)


@for_members(see=None, change=Power.MANAGE_TREASURY, fresh=in_live)
def keep(request: HttpRequest, access: Access) -> HttpResponse:
    """Takes back a change that still waits."""
    treasuries.keep_current(merchant=access.merchant, mode=access.mode, by=access.actor)
    messages.success(request, "The change is taken back: the present wallet stays in force.")
    return redirect("dashboard:treasury", at=access.at)


@for_members(see=None, change=Power.MANAGE_TREASURY)
def prove(request: HttpRequest, access: Access, treasury_id: int) -> HttpResponse:
    """Takes the signature that proves the wallet is the merchant's."""
    form = OwnershipForm(request.POST)
    if form.is_valid():
        try:
            prove_ownership(
                merchant=access.merchant,
                mode=access.mode,
                treasury_id=treasury_id,
                signature=form.cleaned_data["signature"],
                by=access.actor,
            )
        except NotFound:
            raise  # another's, or of the other mode: no page
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, "Proven: whoever holds this wallet signed for your business.")
            return redirect("dashboard:treasury", at=access.at)
    return _page(request, access, ownership=form)


def _page(
    request: HttpRequest,
    access: Access,
    *,
    form: TreasuryForm | None = None,
    ownership: OwnershipForm | None = None,
) -> HttpResponse:
    now = timezone.now()
    current = treasuries.treasury_for(access.merchant, access.mode, now)
    waiting = treasuries.treasury_to_come(access.merchant, access.mode, now)
    newest = waiting or current
    return page(
        request,
        access,
        "treasury.html",
        form=form or TreasuryForm(),
        ownership=ownership or OwnershipForm(),
        current=current,
        waiting=waiting,
        newest=newest,
        claim=claim_of(newest) if newest and newest.kind == TreasuryKind.ADDRESS else "",
        first_addresses=_first_addresses(newest) if newest else [],
        history=Scope.of(access).treasuries()[:30],
        cooling_hours=int(treasuries.COOLING_PERIOD.total_seconds() // 3600),
    )


def _first_addresses(treasury: Treasury) -> list[str]:
    """What a merchant compares with their wallet: an xpub's first addresses."""
    if treasury.kind != TreasuryKind.XPUB:
        return []
    return [xpub_address(xpub=treasury.xpub, index=index) for index in range(3)]
