"""What a stranger's business is recognised by, and what its people have written down."""

from django.utils import timezone

from sessions_app.models import CheckoutSession, receipt_token
from sessions_app.reading.saved_views import save_view
from sessions_app.selling.notes import add_note
from tests.strangers.businesses import Business
from tests.strangers.world import World
from webhooks_app.models import Event


def write_down(world: World) -> None:
    """A note on a session, and a list that the owner keeps."""
    owner, session = world.people["owner"], CheckoutSession.objects.get(public_id=world.ids["odd"])
    text = f"Note of {world.place}."
    world.ids["note"] = str(add_note(session, text=text, actor=owner.email, now=timezone.now()).pk)
    member = owner.memberships.get(merchant=world.merchant)
    save_view(member=member, mode=world.mode, of="sessions", name=f"View of {world.place}", query="status=open")


def marks_of(world: World, business: Business) -> set[str]:
    """What names it: ids, addresses, transactions, its people."""
    sessions = CheckoutSession.objects.filter(merchant=world.merchant, mode=world.mode)
    own = {text for word, text in world.ids.items() if not text.isdigit() and word not in {"network", "wallet"}}
    own |= set(sessions.values_list("public_id", flat=True))
    for path in ("page_token", "deposit__address", "announcement__tx_hash", "payments__public_id", "payments__tx_hash",
                 "quotes__public_id", "refunds__public_id", "customer__public_id", "reference"):  # fmt: skip
        own |= {text for text in sessions.values_list(path, flat=True) if text}
    of_events = Event.objects.filter(merchant=world.merchant, mode=world.mode)
    own |= set(of_events.values_list("public_id", flat=True))
    own |= set(of_events.exclude(deliveries=None).values_list("deliveries__public_id", flat=True))
    own.add(business.wallets[world.mode])
    return own


def addresses_of_buyers(world: World) -> set[str]:
    """The secrets in the addresses of its buyers' pages and receipts: whoever has the first is taken for the buyer."""
    sessions = CheckoutSession.objects.filter(merchant=world.merchant, mode=world.mode)
    tokens = set(sessions.values_list("page_token", flat=True))
    return tokens | {receipt_token(each) for each in tokens}
