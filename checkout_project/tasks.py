"""What runs by itself for the installation."""

from celery import shared_task
from django.core.cache import cache

from checkout_project.neighbours.looking import look_at
from checkout_project.neighbours.places import places
from checkout_project.neighbours.told import keep, neighbours
from checkout_project.restoring.noticing import notice_copies as notice_copies_now

# Whatever a second clock or a step of it makes of that, no host is asked more often.
_AGAIN_SECONDS = 45


@shared_task(ignore_result=True)
def look_at_neighbours() -> None:
    """Names and certificates of those whom we need."""
    if cache.add("neighbours:looking", 1, _AGAIN_SECONDS):
        known = {each.place: each for each in neighbours() or ()}
        keep(look_at(places(), known=known))


@shared_task(ignore_result=True)
def notice_copies() -> None:
    """For processes that could not look when they started, and for a database that is put back while they run."""
    notice_copies_now()
