"""Dashboard pages about the business itself: entrance, settings, team, audit log."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from common.modes import Mode
from merchants_app.access import CHOSEN_MERCHANT, member_of
from merchants_app.models import Member

LAST_MODE = "mode"  # in the browser session: where the dashboard was left


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """`/dashboard`: on to the overview, in the mode last used."""
    return redirect(
        "dashboard:overview", mode=Mode.LIVE if request.session.get(LAST_MODE) == Mode.LIVE else Mode.TEST
    )


@login_required
@require_POST
def switch_business(request: HttpRequest) -> HttpResponse:
    """Goes to work for another of the person's businesses; an id that is not theirs changes nothing."""
    chosen = request.POST.get("merchant", "")
    if Member.objects.filter(user=member_of(request, Mode.TEST).user, merchant__public_id=chosen).exists():
        request.session[CHOSEN_MERCHANT] = chosen
    return redirect("dashboard-home")
