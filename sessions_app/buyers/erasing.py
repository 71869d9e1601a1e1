"""Erases one buyer of a business and mode: all that says who it was. What was paid, and that, stays for the books.

Where a buyer's data lies is listed in docs/privacy.md; a test looks through every column of the database.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from urllib.parse import parse_qsl

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from common.postgresql.bulk_sql import update_rows
from merchants_app.audit import forget_words, record
from merchants_app.requests.stored_answers import forget_in_answers
from sessions_app.buyers.forgetting import FIELDS, NAME, Forget, placeholder
from sessions_app.errors import StillNeeded
from sessions_app.models import (
    AddressChange,
    Announcement,
    Authorization,
    CheckoutSession,
    Customer,
    Decision,
    Letter,
    PaymentLink,
    Refund,
    SavedView,
    SessionNote,
    StatusChange,
)
from sessions_app.state.lifecycle import News, lock_many, reassess_many
from sessions_app.status import LIVE, Status
from webhooks_app.events.forgetting import forget_in_events

# Sessions a transaction: creating others for the same buyer waits for no more.
BATCH = 100
_REASON = "The buyer's personal data was erased."
_NAMED_IN_SENTENCE = 3
_OF_LINKS = ("product_id", "product_name", "product_description", "success_url")


def erase_buyer(customer: Customer, *, actor: str, now: datetime | None = None) -> int:
    """Erases a buyer; returns how many sessions they had. Erased already: nothing happens, and it returns 0.

    In batches, each a transaction: wherever it breaks off, the next try goes on. Raises `StillNeeded` while a payment
    of theirs is not over; nothing more is erased then.
    """
    tell = partial(_tell, actor=actor)
    return erase_rows(customer, actor=actor, now=now or timezone.now(), search=_forget_in_answers, at_last=tell) or 0


def erase_rows(
    customer: Customer,
    *,
    actor: str,
    now: datetime,
    search: Callable[[Customer], None] | None = None,
    at_last: Callable[[Customer, int], None] | None = None,
) -> int | None:
    """The buyer, their sessions and all that hangs on those; None when that was done before. Raises `StillNeeded`.

    `search` takes long: it runs when all sessions are done, under no lock, and before the address is taken away, by
    which alone can be found what is left. `at_last`, told how many sessions there were, belongs to the transaction that
    takes it away.
    """
    is_searched, goes_on = False, None
    while True:
        with transaction.atomic():
            # Whoever creates a session for this buyer waits, and then finds nobody of this address (`creation_sql`).
            kept = Customer.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=customer.pk)
            sessions = _personal(kept)
            if kept.erased_at and not sessions.exists() and kept.erased_at != goes_on:
                return None
            # Under lock before it is asked whether all is over: nobody prepares a refund in between.
            batch = lock_many(list(sessions.order_by("pk").values_list("pk", flat=True)[:BATCH]))
            # After the search only about what was made during it: all else was over, and is done.
            if (batch or not is_searched) and (sentence := why_needed(kept, now)):
                raise StillNeeded(sentence)
            _erase_sessions(kept, batch, actor=actor, now=now)
            is_last, goes_on = len(batch) < BATCH, kept.erased_at
            # A session that was made during the search has its answer: it is searched again.
            if is_last and (search is None or (is_searched and not batch)):
                _forget_in_links(kept)
                # Of all runs: the last one may only have gone on.
                done = CheckoutSession.objects.filter(customer=kept).count()
                if at_last:
                    at_last(kept, done)
                kept.email, kept.name, kept.erased_at = placeholder(kept), NAME, now
                kept.save(update_fields=["email", "name", "erased_at"])
                return done
        is_searched = is_last
        if search and is_last:
            search(kept)


def _forget_in_answers(customer: Customer) -> None:
    word, forget = customer.email or customer.public_id, _forget(customer, people={customer.email, customer.name})
    forget_in_answers(word, merchant=customer.merchant, mode=customer.mode, forget=forget.in_json)


def _tell(customer: Customer, sessions: int, *, actor: str) -> None:
    merchant, mode, subject = customer.merchant, customer.mode, customer.public_id
    record(merchant=merchant, mode=mode, actor=actor, action="buyer.erased", subject=subject, sessions=sessions)


def _erase_sessions(customer: Customer, batch: list[CheckoutSession], *, actor: str, now: datetime) -> None:
    subjects = [session.public_id for session in batch]
    refunds = Refund.objects.filter(session__in=batch)
    changes = AddressChange.objects.filter(session__in=batch)
    forget = _forget(
        customer,
        people={customer.email, customer.name, *chain.from_iterable((each.email, each.name) for each in batch)},
        wallets={
            *(each.refund_address for each in batch),
            *refunds.values_list("to_address", flat=True),
            *chain.from_iterable(changes.values_list("former", "address")),
        },
    )
    merchant, mode = customer.merchant, customer.mode
    audit_subjects = [*subjects, *refunds.values_list("public_id", flat=True), customer.public_id]
    forget_words(merchant=merchant, mode=mode, subjects=audit_subjects, forget=forget.in_json)
    forget_in_events(merchant=merchant, mode=mode, subjects=subjects, forget=forget.in_session)
    _forget_in_views(customer, forget)
    rows = list(refunds)
    for refund in rows:
        refund.to_address, refund.reason = "", forget.in_note(refund.reason)
    update_rows(rows, ["to_address", "reason"])
    changes.delete()
    # Whoever is sending one of them has read whom to: it is waited for, and stays as sent.
    Letter.objects.filter(session__in=batch, outcome="").delete()
    Announcement.objects.filter(session__in=batch).delete()
    Authorization.objects.filter(session__in=batch).delete()
    SessionNote.objects.filter(session__in=batch).delete()
    _forget_in_notes(batch, forget)
    for session in batch:
        forget.in_row(session)
    update_rows(batch, FIELDS)
    reassess_many({session.pk: News(reason=_REASON, actor=actor, noted=True) for session in batch}, now=now)


def _personal(customer: Customer) -> QuerySet[CheckoutSession]:
    """Those of the buyer's sessions that are not erased yet."""
    return CheckoutSession.objects.filter(customer=customer).exclude(email=placeholder(customer))


def _forget(customer: Customer, *, people: Collection[str], wallets: Collection[str] = ()) -> Forget:
    return Forget(
        customer_id=customer.public_id,
        email=placeholder(customer),
        people=frozenset(people) - {NAME, placeholder(customer), ""},
        wallets=frozenset(wallets) - {""},
    )


def _forget_in_notes(sessions: Sequence[CheckoutSession], forget: Forget) -> None:
    changed = []
    for change in StatusChange.objects.filter(session__in=sessions):
        if (reason := forget.in_text(change.reason)) != change.reason:
            change.reason = reason
            changed.append(change)
    update_rows(changed, ["reason"])
    decisions = list(Decision.objects.filter(session__in=sessions).exclude(note=""))
    for decision in decisions:
        decision.note = forget.in_note(decision.note)
    update_rows(decisions, ["note"])


def _forget_in_views(customer: Customer, forget: Forget) -> None:
    """Views of the team that name the buyer, whole, as notes: they would find nothing, and two could be left one name.

    In every batch, as only it knows the names and wallets of its sessions.
    """
    views = SavedView.objects.filter(member__merchant=customer.merchant, mode=customer.mode)
    texts = {view.pk: [view.name, *(value for _, value in parse_qsl(view.query))] for view in views}
    naming = [pk for pk, own in texts.items() if any(forget.in_text(each) != each for each in own)]
    SavedView.objects.filter(pk__in=naming).delete()


def _forget_in_links(customer: Customer) -> None:
    """A link is the shop's own text; but some are made for one buyer."""
    if not (email := customer.email):
        return
    named = Q(product_id__icontains=email) | Q(product_name__icontains=email) | Q(product_description__icontains=email)
    links = PaymentLink.objects.filter(merchant=customer.merchant, mode=customer.mode)
    found = list(links.filter(named | Q(success_url__icontains=email) | Q(metadata__icontains=email)))
    forget = _forget(customer, people={email, customer.name})
    for link in found:
        for name in _OF_LINKS:
            setattr(link, name, forget.in_text(getattr(link, name)))
        link.metadata = forget.in_json(link.metadata)
    update_rows(found, [*_OF_LINKS, "metadata"])


def needed(customer: Customer, now: datetime) -> QuerySet[CheckoutSession]:
    """The buyer's sessions that are not over: not paid or ended, watched, to be decided, or with a refund under way."""
    refunds = Refund.objects.filter(session__customer=customer, confirmed_at=None, withdrawn_at=None)
    return CheckoutSession.objects.filter(
        Q(status__in=LIVE) | Q(watch_until__gt=now) | Q(needs_decision=True) | Q(pk__in=refunds.values("session")),
        customer=customer,
    )


def why_needed(customer: Customer, now: datetime | None = None) -> str:
    """Why the buyer cannot be erased yet, as a sentence; empty when they can."""
    now = now or timezone.now()
    sessions = list(needed(customer, now).order_by("-watch_until", "-pk")[: _NAMED_IN_SENTENCE + 1])
    if not sessions:
        return ""
    reasons = "; ".join(f"{each.public_id} {_why(each, now)}" for each in sessions[:_NAMED_IN_SENTENCE])
    more = "; and others" if len(sessions) > _NAMED_IN_SENTENCE else ""
    return f"Not yet, because payments of this buyer are not over: {reasons}{more}."


def _why(session: CheckoutSession, now: datetime) -> str:
    if session.status in {Status.OPEN, Status.PROCESSING}:
        return f"is {session.status} (end it, or wait for its end)"
    if session.needs_decision:
        return "waits for your decision"
    if session.watch_until > now:
        return f"is watched for late payments until {session.watch_until:%Y-%m-%d %H:%M} UTC"
    return "has a refund that is neither final nor withdrawn"
