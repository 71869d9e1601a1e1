"""Draws dashboard pages: every page gets the menu, the mode switch and the person at work the same way."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from common.modes import Mode
from merchants_app.frame.access import Access, Power
from merchants_app.frame.navigation import menu_for, same_place_in
from merchants_app.frame.places import Place, page_at


def page(request: HttpRequest, access: Access, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Renders `templates/dashboard/<template>` with `access`, and `may` by power.

    `here` is where the page can be opened, for links that change its query: a POST may draw it somewhere else.
    """
    frame = {
        "access": access,
        "merchant": access.merchant,
        "mode": access.mode,
        "at": access.at,
        "here": page_at(request.path),
        "may": {power.name.lower(): access.may(power) for power in Power},
        "menu": menu_for(at=access.at, path=request.path),
        "modes": [(mode, same_place_in(at=Place(access.at.business, mode), path=request.path)) for mode in Mode],
    }
    return render(request, f"dashboard/{template}", frame | context, status=status)
