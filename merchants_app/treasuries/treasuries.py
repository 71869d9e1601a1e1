"""Where a merchant's money goes: which treasury is in force, and how it is changed without anybody being surprised."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from chains_app.calls.chain_calls import is_token
from chains_app.evm.deadline_client import deadline
from chains_app.networks.networks import all_networks, chain_networks
from chains_app.receiving.deposits import (
    DEPLOYMENT_PROXY,
    FACTORY_ADDRESS,
    IMPLEMENTATION_ADDRESS,
    WrongAddress,
    checked_address,
)
from chains_app.receiving.xpub import WrongXpub, account_fingerprint, checked_xpub, refuse_private
from common.database import fetch
from common.errors import DomainError
from common.modes import Mode
from merchants_app import audit
from merchants_app.mail.mails import mail_owners
from merchants_app.mail.notices import tell_owners
from merchants_app.models import Merchant, Treasury, TreasuryKind, XpubAccount

# A changed treasury is the prize of whoever takes over an account: in live mode its owners get a day to notice.
COOLING_PERIOD = timedelta(hours=24)

# Money sent there is lost or moves nowhere.
_OWN_CONTRACTS = {FACTORY_ADDRESS, IMPLEMENTATION_ADDRESS, DEPLOYMENT_PROXY}
_BURNED = "0x000000000000000000000000000000000000dEaD"
NETWORKS_ANSWER_SECONDS = 5.0
_LAST_RESERVED = 0xFFFF  # precompiled contracts stand at the lowest addresses


class WrongTreasury(DomainError):
    """Not a wallet that money may go to; the sentence says why and what would be right."""

    code = "wrong_treasury"


class NothingToWithdraw(DomainError):
    """No change of the treasury waits."""

    code, status = "nothing_to_withdraw", 409


def set_treasury(
    *,
    merchant: Merchant,
    mode: str,
    kind: str,
    address: str = "",
    xpub: str = "",
    by: str,
    now: datetime | None = None,
) -> Treasury:
    """Names the wallet that new sessions pay into. Raises WrongTreasury. The same again: the one there is.

    The first one of a mode is in force at once, a changed one in live mode after the cooling period. Sessions keep the
    one they were made with. Owners are written to, and the audit log has a line.
    """
    try:
        refuse_private(address or xpub)
        xpub = checked_xpub(xpub) if kind == TreasuryKind.XPUB else ""
    except WrongXpub as error:
        raise WrongTreasury(str(error), attr=str(kind)) from None
    address = "" if kind == TreasuryKind.XPUB else own_address(address)
    if address:
        _refuse_token(address, mode)  # before the transaction: networks are asked
    return _set(merchant=merchant, mode=mode, kind=kind, address=address, xpub=xpub, by=by, now=now)


@transaction.atomic
def _set(
    *, merchant: Merchant, mode: str, kind: str, address: str, xpub: str, by: str, now: datetime | None
) -> Treasury:
    # One change at a time: the merchant's row is the lock. Only then the clock: by an older time than the change it had
    # to wait for, that one's wallet would look as if it were still to come, and be taken back.
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    now = now or timezone.now()
    account = _own_account(xpub, merchant, mode) if xpub else None
    current = treasury_for(merchant, mode, now)
    _withdraw_waiting(merchant, mode, by=by, now=now)
    if current and (current.address, current.account) == (address, account):
        return current
    waits = current is not None and mode == Mode.LIVE
    treasury = Treasury.objects.create(
        merchant=merchant,
        mode=mode,
        kind=kind,
        address=address,
        xpub=xpub,
        account=account,
        active_from=now + COOLING_PERIOD if waits else now,
        created_by=by,
    )
    audit.record(
        merchant=merchant,
        mode=mode,
        actor=by,
        action="treasury.set",
        subject=str(treasury),
        before=str(current) if current else None,
        active_from=treasury.active_from.isoformat(timespec="seconds"),
    )
    mail_owners(merchant=merchant, template="treasury_changed", treasury=treasury, mode=Mode(mode), actor=by)
    return treasury


@transaction.atomic
def keep_current(*, merchant: Merchant, mode: str, by: str, now: datetime | None = None) -> None:
    """Takes back a change that still waits. Raises NothingToWithdraw."""
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    now = now or timezone.now()
    if not _withdraw_waiting(merchant, mode, by=by, now=now):
        raise NothingToWithdraw("No change is waiting: the wallet on this page is the one in force.")


def own_address(text: str) -> str:
    """The checksummed address if it can be somebody's wallet. Raises WrongTreasury with the field `address`."""
    try:
        address = checked_address(text)
    except WrongAddress as error:
        raise WrongTreasury(str(error), attr="address") from error
    if token := _token_at(address):
        raise _no_wallet(f"the contract of {token}")
    if is_nobodys(address):
        raise WrongTreasury("Nobody owns this address: money sent there is lost.", attr="address")
    return address


def is_nobodys(address: str) -> bool:
    """Whether a checksummed address is known to have no owner: our contracts', the burning one, a chain's own."""
    return address in _OWN_CONTRACTS or address == _BURNED or int(address, 16) <= _LAST_RESERVED


# What a session made at `now` gets: the statement that creates one includes this text. Parameters: merchant, mode, now.
IN_FORCE = f"""
    SELECT * FROM {Treasury._meta.db_table}
    WHERE merchant_id = %(merchant)s::bigint AND mode = %(mode)s::text AND withdrawn_at IS NULL
        AND active_from <= %(now)s::timestamptz
    ORDER BY active_from DESC, id DESC LIMIT 1"""  # noqa: S608  (a name of our own)


def treasury_for(merchant: Merchant, mode: str, now: datetime) -> Treasury | None:
    """The treasury that a session made at `now` gets, or None while the merchant has named none."""
    return next(iter(Treasury.objects.raw(IN_FORCE, {"merchant": merchant.pk, "mode": mode, "now": now})), None)


def treasury_to_come(merchant: Merchant, mode: str, now: datetime) -> Treasury | None:
    """The one that waits for the end of its cooling period."""
    return _kept(merchant, mode).filter(active_from__gt=now).order_by("-id").first()


# The row stays locked until the caller's transaction ends, and a rollback gives the index back.
_TAKE_INDEX = f"""
    UPDATE {XpubAccount._meta.db_table} SET next_index = next_index + 1
    WHERE id = %(account)s::bigint RETURNING next_index - 1"""  # noqa: S608  (a name of our own)


def take_next_index(treasury: Treasury) -> int:
    """The next unused address index of an xpub, never given out twice however many ask at once."""
    ((index,),) = fetch(_TAKE_INDEX, {"account": treasury.account_id})
    return int(index)


def leave_out(how_many: Callable[[int], int]) -> None:
    """The next addresses of each xpub's account, so many as are asked for its key, are given to nobody."""
    for account in XpubAccount.objects.values_list("pk", flat=True):
        XpubAccount.objects.filter(pk=account).update(next_index=F("next_index") + how_many(account))


def _kept(merchant: Merchant, mode: str) -> QuerySet[Treasury]:
    return Treasury.objects.filter(merchant=merchant, mode=mode, withdrawn_at=None)


def _own_account(xpub: str, merchant: Merchant, mode: str) -> XpubAccount:
    """The one that an xpub is of, unless another business or mode has it: two counts would give one address twice.

    Of two that name it at once, the database lets one make its row.
    """
    account, _ = XpubAccount.objects.get_or_create(
        fingerprint=account_fingerprint(xpub), defaults={"merchant": merchant, "mode": mode}
    )
    if (account.merchant_id, account.mode) != (merchant.pk, mode):
        raise WrongTreasury(
            "This xpub is in use already, in the other mode or by another business. Make a new account in your wallet "
            "and give its xpub.",
            attr="xpub",
        )
    return account


def _token_at(address: str) -> str | None:
    """`USDC on Base` when a listed token's contract has the address."""
    for network in all_networks().values():
        for asset in network.assets.values():
            if asset.contract and asset.contract.lower() == address.lower():
                return f"{asset.symbol} on {network.name}"
    return None


def _no_wallet(what: str) -> WrongTreasury:
    return WrongTreasury(
        f"This is {what}, not a wallet: money sent there is lost. Give your wallet's own address.", attr="address"
    )


def _refuse_token(address: str, mode: str) -> None:
    """Asks the mode's networks, as far as they answer soon, whether a token that nobody listed has the address."""
    with deadline(NETWORKS_ANSWER_SECONDS):
        for network in chain_networks(mode):
            if is_token(network, address):
                raise _no_wallet(f"a token's contract on {network.name}")


def _withdraw_waiting(merchant: Merchant, mode: str, *, by: str, now: datetime) -> bool:
    """A new word replaces the one that waits: otherwise a withdrawn thief's wallet would still come into force.

    Whether one did. Owners are written to, whoever's word it was, and the audit log has a line.
    """
    waiting = treasury_to_come(merchant, mode, now)
    if waiting is None:
        return False
    _kept(merchant, mode).filter(active_from__gt=now).update(withdrawn_at=now)
    audit.record(merchant=merchant, mode=mode, actor=by, action="treasury.withdrawn", subject=str(waiting))
    what = f"the change of the receiving wallet to {waiting} was taken back"
    tell_owners(merchant=merchant, what=what, actor=by, mode=mode)
    return True
