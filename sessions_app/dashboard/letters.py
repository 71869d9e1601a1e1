"""When a member is written to, as the buttons of several pages send it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from merchants_app.frame.access import Access
from merchants_app.models import WhenToWrite


def save_letters(
    request: HttpRequest, access: Access, *, about: str, write: Callable[[WhenToWrite], None], page: str
) -> HttpResponse:
    """Keeps what was chosen by `write`, and leads back to the page. `about`: which letters, as the answer says it."""
    wanted = request.POST.get("letters", "")
    if wanted in WhenToWrite.values:
        chosen = WhenToWrite(wanted)
        write(chosen)
        messages.success(request, f"Saved. Letters {about}: {chosen.label.lower()}.")
    else:
        messages.error(request, "Choose when to be written to: at once, once a day, or never.")
    return redirect(f"dashboard:{page}", at=access.at)
