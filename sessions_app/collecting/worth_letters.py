"""Writes to those who may collect and asked for it when what waits is worth its fee: once for a state of affairs.

Of an asset on a network somebody is told again once as much has come since as still waits of what they were told of:
after a collection that is the first that is worth it. The network's node and the rates of the moment are asked; where
either does not answer, nobody is written to about it.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from itertools import groupby
from operator import or_

from django.db import transaction
from django.db.models import Q, Sum

from chains_app.rates.exchange_rates import rates_at
from chains_app.reading.reader import ReaderUnavailable, WrongChain
from common.modes import Mode
from merchants_app.mail.mails import Posted, mail_at_once
from merchants_app.models import WRITTEN_TO, CollectLetters, Member, Merchant, Role, WhenToWrite
from merchants_app.people.letters import last_morning, wanted_about_collecting
from merchants_app.powers import Power, may
from sessions_app.collecting.collecting import Balance, balances, waiting_payments
from sessions_app.collecting.piles import Pile, Verdict, piles

# What waits has to be so many times what they were told of, before they are told again.
GREW = 2


def write_letters(now: datetime) -> None:
    """To everybody who asked, about all that is new to them. Safe to run twice at once, and to stop.

    What a mail server does not take now is written later.
    """
    unread: set[str] = set()
    for merchant, mode in _who_asked():
        news = {letters.pk: _news(letters) for letters in _readers(merchant, mode) if _is_due(letters, now)}
        worth_it = _worth_it(merchant, mode, set().union(*news.values()), now=now, unread=unread)
        for key in news if worth_it else ():
            if _write(key, worth_it, now) == Posted.AWAY:
                return


def is_news(*, waiting: int, told: int) -> bool:
    """Whether somebody hears of a pile again who was told of this part of it."""
    return waiting >= GREW * told


def _who_asked() -> list[tuple[Merchant, str]]:
    by_business = Merchant.objects.filter(collect_letters__in=WRITTEN_TO).values_list("pk", flat=True)
    asked = CollectLetters.objects.filter(wanted__in=WRITTEN_TO).values_list("member__merchant", "mode").distinct()
    keys = sorted({(key, Mode.LIVE.value) for key in by_business} | set(asked))
    merchants = Merchant.objects.filter(suspended_at=None).in_bulk({key for key, _ in keys})
    return [(merchants[key], mode) for key, mode in keys if key in merchants]


def _readers(merchant: Merchant, mode: str) -> list[CollectLetters]:
    """What those members wish who may collect; each has a row from the first look on."""
    members = Member.objects.filter(merchant=merchant, user__is_active=True)
    able = {each.pk for each in members if may(Role(each.role), Power.COLLECT, mode=mode)}
    rows = CollectLetters.objects.filter(member__in=able, mode=mode).select_related("member__merchant").order_by("pk")
    if missing := able - set(rows.values_list("member", flat=True)):
        new = [CollectLetters(member_id=key, mode=mode) for key in sorted(missing)]
        CollectLetters.objects.bulk_create(new, ignore_conflicts=True)
    return list(rows.all())


def _is_due(letters: CollectLetters, now: datetime) -> bool:
    """Who is written to once a day gets one letter from morning to morning."""
    wanted = wanted_about_collecting(letters)
    if wanted == WhenToWrite.DAILY and letters.told_at:
        return letters.told_at < last_morning(letters.member.merchant, now)
    return wanted != WhenToWrite.NEVER


def _news(letters: CollectLetters) -> set[str]:
    """What waits and is new to them, by network and asset."""
    parts = ((key.split(":"), at) for key, at in letters.told.items())
    told = (Q(network=network, asset=asset, confirmed_at__lte=at) for (network, asset), at in parts)
    units = Sum("amount_units")
    known = Sum("amount_units", filter=reduce(or_, told, Q(confirmed_at=None)), default=0)
    rows = waiting_payments(letters.member.merchant, letters.mode).order_by().values_list("network", "asset")
    return {
        _key(network, asset)
        for network, asset, waiting, before in rows.annotate(units=units, known=known)
        if is_news(waiting=waiting, told=before)
    }


def _worth_it(merchant: Merchant, mode: str, wanted: set[str], *, now: datetime, unread: set[str]) -> list[Pile]:
    """Those of the wanted that are; a network that cannot be read is not asked again in this run."""
    if not wanted:
        return []
    rates, found = rates_at(mode=mode, now=now), []
    for network, of_network in groupby(balances(merchant, mode), key=lambda each: each.network):
        asked = [each for each in of_network if _key_of(each) in wanted]
        if asked and network.id not in unread:
            try:
                found += piles(asked, merchant=merchant, mode=mode, rates=rates)
            except (ReaderUnavailable, WrongChain):
                unread.add(network.id)
    return [pile for pile in found if pile.verdict == Verdict.YES]


@transaction.atomic
def _write(key: int, worth_it: Sequence[Pile], now: datetime) -> Posted:
    # Whoever has the lock writes the letter.
    free = CollectLetters.objects.select_for_update(skip_locked=True, of=("self",))
    letters = free.select_related("member__merchant", "member__user").filter(pk=key).first()
    if letters is None or not _is_due(letters, now):
        return Posted.SENT
    news, merchant = _news(letters), letters.member.merchant
    named = [pile for pile in worth_it if _key_of(pile.balance) in news]
    if not named:
        return Posted.SENT
    posted = mail_at_once(
        to=letters.member.user.email,
        template="worth_collecting",
        merchant=merchant,
        mode=letters.mode,
        piles=named,
        worth=sum(pile.worth or 0 for pile in named),
        wanted=wanted_about_collecting(letters),
    )
    if posted in {Posted.SENT, Posted.REFUSED}:
        letters.told |= {_key_of(pile.balance): now.isoformat() for pile in named}
        letters.told_at = now
        letters.save(update_fields=["told", "told_at"])
    return posted


def _key_of(balance: Balance) -> str:
    return _key(balance.network.id, balance.asset.symbol)


def _key(network: str, asset: str) -> str:
    return f"{network}:{asset}"
