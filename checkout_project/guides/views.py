"""Doors: /docs, for everybody. Each page is the same for all but for one note to those who are signed in."""

from functools import cache

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from checkout_project.guides import contents, reference
from checkout_project.guides.code import coloured
from checkout_project.guides.contents import Part
from checkout_project.guides.searching import LONGEST_QUERY, search
from common.modes import Mode
from merchants_app.frame.access import is_visiting, last_place
from merchants_app.frame.places import Place

_FIRST = "quick-start"


@gzip_page  # no secret and no form's token is on it
@require_safe
def guide(request: HttpRequest, path: str) -> HttpResponse:
    """One guide."""
    found = contents.by_path(path)
    if found is None:
        raise Http404("There is no such guide.")
    before, after = contents.beside(found)
    return _page(request, "guide.html", guide=found, before=before, after=after)


@gzip_page  # no secret and no form's token is on it
@require_safe
def source(_request: HttpRequest, name: str) -> HttpResponse:
    """One guide as Markdown."""
    found = contents.source(name)
    if found is None:
        raise Http404("There is no such guide.")
    return HttpResponse(found, content_type="text/markdown; charset=utf-8")


@require_safe
def for_programs(_request: HttpRequest) -> HttpResponse:
    """Which guides there are, for programs that read them."""
    text = render_to_string("docs/llms.txt", {"menu": contents.menu(), "public_url": settings.PUBLIC_URL})
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_safe
def home(_request: HttpRequest) -> HttpResponse:
    """/docs begins with the first guide."""
    return redirect("docs-guide", path=_FIRST)


@gzip_page  # no secret and no form's token is on it
@require_safe
def example(request: HttpRequest, path: str) -> HttpResponse:
    """One of the examples, whole."""
    source = contents.example(path)
    if source is None:
        raise Http404("There is no such example.")
    language = "python" if path.endswith(".py") else "js"
    return _page(request, "example.html", path=path, source=coloured(source, language))


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """What the words are found in."""
    query = request.GET.get("q", "")[:LONGEST_QUERY].strip()
    found = search(query, _parts())
    return _page(request, "search.html", query=query, found=found)


@gzip_page  # no secret and no form's token is on it
@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """All calls of the API."""
    return _page(request, "reference.html", calls=reference.menu())


@gzip_page  # no secret and no form's token is on it
@require_safe
def call(request: HttpRequest, name: str) -> HttpResponse:
    """One call, or one message."""
    found = reference.calls().get(name)
    if found is None:
        raise Http404("There is no such call.")
    return _page(request, "call.html", call=found, calls=reference.menu())


@cache
def _parts() -> tuple[Part, ...]:
    """All that can be found, put together once: whoever searches costs a look through it."""
    return (*contents.parts(), *reference.parts())


def _page(request: HttpRequest, template: str, **context: object) -> HttpResponse:
    frame = {"menu": contents.menu(), "public_url": settings.PUBLIC_URL, "keys_at": _keys_at(request)}
    return render(request, f"docs/{template}", frame | context)


def _keys_at(request: HttpRequest) -> Place | None:
    """Where somebody who is signed in makes a test key: existing ones are kept as hashes and cannot be shown."""
    if not request.user.is_authenticated or is_visiting(request):
        return None
    try:
        return last_place(request, Mode.TEST)
    except PermissionDenied:  # signed in, and working nowhere
        return None
