"""What of sessions a member or a key may touch. A buyer's whole scope is one session (`queries.session_for_buyer`)."""

from dataclasses import dataclass

from django.db.models import QuerySet

from common.errors import NotFound
from merchants_app.models import User
from sessions_app.errors import SessionNotFound
from sessions_app.models import BookLine, CheckoutSession, Customer, Payment, PaymentLink, Refund, SavedView
from sessions_app.selling.payment_links import LinkNotFound
from sessions_app.state.customers import CustomerNotFound, with_email
from sessions_app.state.expiry import expired, is_overdue, up_to_date
from sessions_app.state.facts import with_facts
from sessions_app.state.reading_sql import read_session
from sessions_app.state.session_view import SessionView
from webhooks_app.scope import WebhookScope


@dataclass(frozen=True, slots=True)
class SessionScope(WebhookScope):
    """A business's sessions, links and customers in one mode, and refunds through their session."""

    def bare_sessions(self) -> QuerySet[CheckoutSession]:
        """All of them, without what hangs on them."""
        return CheckoutSession.objects.filter(merchant=self.merchant, mode=self.mode)

    def sessions(self) -> QuerySet[CheckoutSession]:
        """All of them, newest first, with what their representation needs."""
        return with_facts(self.bare_sessions(), "merchant").order_by("-id")

    def session(self, public_id: str) -> CheckoutSession:
        """One session as it is now. Raises SessionNotFound."""
        found = self.sessions().filter(public_id=public_id).first()
        if found is None:
            raise _no_session(public_id)
        return up_to_date(found)

    def view(self, public_id: str) -> SessionView:
        """The same to be shown, in one round trip. Raises SessionNotFound."""
        found = read_session(self.merchant, self.mode, public_id)
        if found and is_overdue(found):
            expired(found.id)
            found = read_session(self.merchant, self.mode, public_id)
        if found is None:
            raise _no_session(public_id)
        return found

    def all_refunds(self) -> QuerySet[Refund]:
        """Of all sessions, withdrawn ones too."""
        return Refund.objects.filter(merchant=self.merchant, mode=self.mode)

    def refunds(self, session_id: str) -> QuerySet[Refund]:
        """The refunds of a session, withdrawn ones too, newest first; none of a session that is not theirs."""
        own = self.all_refunds().filter(session__public_id=session_id)
        return own.select_related("session__merchant").order_by("-id")

    def refund(self, session_id: str, refund_id: str) -> Refund:
        """One refund of that session. Raises NotFound."""
        found = self.refunds(session_id).filter(public_id=refund_id).first()
        if found is None:
            raise NotFound("There is no such refund of this session.")
        return found

    def any_refund(self, public_id: str) -> Refund:
        """One refund, of whichever session. Raises NotFound."""
        found = self.all_refunds().filter(public_id=public_id).select_related("session__merchant").first()
        if found is None:
            raise NotFound(f"There is no refund {public_id[:60]!r} for this key.", attr="id")
        return found

    def book_lines(self) -> QuerySet[BookLine]:
        """The lines of the books, newest first."""
        lines = BookLine.objects.filter(merchant=self.merchant, mode=self.mode)
        return lines.select_related("session", "payment", "refund").order_by("-id")

    def payments(self) -> QuerySet[Payment]:
        """Every movement to a deposit address, the newest first by its arrival."""
        return Payment.objects.filter(merchant=self.merchant, mode=self.mode).order_by("-arrived_at", "-id")

    def views(self, user: User, of: str) -> QuerySet[SavedView]:
        """The views of a list that somebody keeps for themselves, by name."""
        own = SavedView.objects.filter(member__merchant=self.merchant, member__user=user, mode=self.mode, of=of)
        return own.order_by("name")

    def links(self) -> QuerySet[PaymentLink]:
        """Payment links, switched-off ones too, newest first."""
        return PaymentLink.objects.filter(merchant=self.merchant, mode=self.mode).order_by("-id")

    def link(self, public_id: str, *, attr: str = "id") -> PaymentLink:
        """One payment link. Raises LinkNotFound."""
        found = self.links().filter(public_id=public_id).first()
        if found is None:
            raise LinkNotFound(f"There is no payment link {public_id[:60]!r}.", attr=attr)
        return found

    def customers(self) -> QuerySet[Customer]:
        """Customers, newest first."""
        return Customer.objects.filter(merchant=self.merchant, mode=self.mode).order_by("-id")

    def customer(self, public_id: str, *, attr: str = "id") -> Customer:
        """One customer. Raises CustomerNotFound."""
        found = self.customers().filter(public_id=public_id).first()
        if found is None:
            raise CustomerNotFound(f"There is no customer {public_id[:60]!r} for this key.", attr=attr)
        return found

    def buyer(self, email: str) -> Customer:
        """The customer of this e-mail address, in any case of letters. Raises CustomerNotFound."""
        found = with_email(self.customers(), email.strip()).first()
        if found is None:
            raise CustomerNotFound(f"Nobody has bought with the address {email.strip()[:254]!r} here.", attr="email")
        return found


def _no_session(public_id: str) -> SessionNotFound:
    return SessionNotFound(f"There is no session {public_id[:60]!r} for this key.", attr="id")
