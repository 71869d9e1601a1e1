"""The owners' switch: whether everybody in the business needs a second factor."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from merchants_app.frame.access import Access, Power, always, for_members
from merchants_app.sign_in import second_factor


@for_members(see=None, change=Power.MANAGE_TEAM, fresh=always)
def demand_second_factor(request: HttpRequest, access: Access) -> HttpResponse:
    """`demanded=1` demands it, anything else no longer does."""
    demanded = request.POST.get("demanded") == "1"
    second_factor.demand(merchant=access.merchant, by=access.user, demanded=demanded)
    who = "Everybody who works here needs" if demanded else "Nobody who works here needs"
    messages.success(request, f"{who} a second factor from now on.")
    return redirect("dashboard:team", at=access.at)
