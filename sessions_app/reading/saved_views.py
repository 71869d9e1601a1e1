"""Lists that members keep under a name."""

from common.errors import Conflict
from merchants_app.models import Member
from sessions_app.models import SavedView

# More would be no shorter than setting the filters. Of two tabs at once one may be too many: it does no harm.
MOST_VIEWS = 20


def save_view(*, member: Member, mode: str, of: str, name: str, query: str) -> SavedView:
    """Keeps a list's filters; a name that is there already means these from now on. Raises Conflict at the limit."""
    own = SavedView.objects.filter(member=member, mode=mode, of=of)
    if own.exclude(name=name).count() >= MOST_VIEWS:
        raise Conflict(f"You keep {MOST_VIEWS} views of this list already. Remove one first.")
    view, _ = SavedView.objects.update_or_create(member=member, mode=mode, of=of, name=name, defaults={"query": query})
    return view
