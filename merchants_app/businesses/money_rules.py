"""A business's settings (tolerance, spread, times, name, looks): changed here, with an audit line from what to what."""

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from chains_app.rates.pairs import about_a_dollar
from common.errors import DomainError
from common.modes import Mode
from merchants_app.audit import record
from merchants_app.businesses.days import first_open_day
from merchants_app.businesses.logos import digest_of, keep_logo
from merchants_app.businesses.ways import check_ways
from merchants_app.businesses.words import check_languages, named, words_changed
from merchants_app.models import LEAST_KEPT_AFTER_WATCH, Merchant

CHANGEABLE = (
    "name", "support_email", "brand_color", "logo_digest", "support_url", "thanks", "terms_url", "privacy_url",
    "receipt_details", "walletconnect_project_id", "languages", "own_words",
    "language", "returns_by_itself", "ways_off", "confirmations", "session_minutes", "quote_minutes", "grace_minutes",
    "watch_days", "tolerance_percent", "tolerance_amount", "tolerance_amounts", "spread_percent",
    "reporting_currency", "time_zone", "decision_letters", "collect_letters", "worth_it_percent", "buyer_letters_off",
    "keep_buyers_days", "reuse_after_days",
)  # fmt: skip

# Those that pages of their own change.
SET_APART = ("embed_origins", "allow_pay_again", "calls_a_minute", "letters_a_day")

_HUNDREDTH = Decimal("0.01")  # what amounts of tolerance are kept to


class KeptTooShort(DomainError):
    """Buyers must be kept until well after the watch for late payments."""

    code = "kept_too_short"


class ReusedTooSoon(DomainError):
    """Deposits must rest for longer than they are watched before they serve another session."""

    code = "reused_too_soon"


def amounts_text(amounts: Mapping[str, Decimal]) -> str:
    """'KWD 0.30, NGN 800'."""
    return ", ".join(f"{currency} {amount}" for currency, amount in sorted(amounts.items()))


@transaction.atomic
def change_settings(*, merchant: Merchant, actor: str, **wanted: Any) -> list[str]:
    """Writes what differs and returns its names. Sessions that exist keep the rules they were made with.

    `logo`: the picture to show, as `drawn_anew` gave it; empty for none.
    Raises `KeptTooShort` (`check_memory`), `ReusedTooSoon` (`check_rest`), `NothingLeft` (`check_ways`) and
    `NotOnOffer` (`check_languages`).
    """
    current = Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    logo: bytes | None = wanted.pop("logo", None)
    if logo is not None:
        wanted["logo_digest"] = digest_of(logo, merchant=current)
    watch_days = wanted.get("watch_days", current.watch_days)
    check_memory(wanted.get("keep_buyers_days", current.keep_buyers_days), watch_days=watch_days)
    check_rest(wanted.get("reuse_after_days", current.reuse_after_days), watch_days=watch_days)
    for mode in Mode:
        check_ways(wanted.get("ways_off", ()), mode=mode)
    if not wanted.keys().isdisjoint({"languages", "language"}):
        check_languages(wanted.get("languages", current.languages), own=wanted.get("language", current.language))
    changed = [name for name in (*CHANGEABLE, *SET_APART) if name in wanted and getattr(current, name) != wanted[name]]
    if changed:
        detail = {
            name: f"{_word(name, getattr(current, name))} → {_word(name, wanted[name])}"
            for name in changed
            if name != "own_words"
        }
        if "own_words" in changed:
            detail |= words_changed(current.own_words, wanted["own_words"])
        if "time_zone" in changed:
            current.months_closed_to = first_open_day(current, now=timezone.now())
        for name in changed:
            setattr(current, name, wanted[name])
        if logo is not None and "logo_digest" in changed:
            keep_logo(logo, merchant=current)
        current.save(update_fields=[*changed, "months_closed_to"])
        record(merchant=merchant, actor=actor, action="settings.changed", **detail)
    return changed


def most_missing(merchant: Merchant, currency: str) -> Decimal:
    """The most that may be missing of a price in this currency: what the business said for it, or for all currencies.

    When it said nothing, about a dollar's worth.
    """
    own: Decimal | None = merchant.tolerance_amounts.get(currency, merchant.tolerance_amount)
    return about_a_dollar(currency).quantize(_HUNDREDTH, ROUND_CEILING) if own is None else Decimal(own)


def check_memory(days: int | None, *, watch_days: int) -> None:
    """Raises `KeptTooShort` when buyers would be erased while money of theirs may still arrive, or just has."""
    least = watch_days + LEAST_KEPT_AFTER_WATCH
    if days is not None and days < least:
        raise KeptTooShort(
            f"Keep buyers for at least {least} days: the watch for late payments, and {LEAST_KEPT_AFTER_WATCH} more to "
            "send money back. Or leave it empty, to keep them for ever.",
            attr="keep_buyers_days",
        )


def check_rest(days: int | None, *, watch_days: int) -> None:
    """Raises `ReusedTooSoon` when somebody else would get an address while its first buyer may well still pay to it."""
    if days is not None and days <= watch_days:
        raise ReusedTooSoon(
            f"Let deposits rest for at least {watch_days + 1} days, which is longer than they are watched. Or leave it "
            "empty: then each session gets an address of its own.",
            attr="reuse_after_days",
        )


def _word(name: str, value: Any) -> str:
    """As a line of the log says it."""
    if name in {"language", "languages"}:
        return named(value)
    if value in (None, "", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    match name:
        case "logo_digest":
            return f"picture {value[:8]}"
        case "tolerance_amounts":
            return amounts_text(value)
        case "confirmations":
            return ", ".join(f"{network} {'/'.join(map(str, numbers))}" for network, numbers in sorted(value.items()))
    return ", ".join(value) if isinstance(value, list) else str(value)
