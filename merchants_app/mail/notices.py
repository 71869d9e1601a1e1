"""Letters about what a thief would do first: who may sign in, and where money and secrets go.

They go to all owners, and to whoever could sign in until then: a letter that only the new address gets warns nobody.
"""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from merchants_app.audit import record
from merchants_app.mail.mails import mail, owners_of
from merchants_app.models import Merchant, User


def tell_owners(
    *, merchant: Merchant, what: str, actor: str, mode: str = "", also: Iterable[str] = (), but: Iterable[str] = ()
) -> None:
    """Writes `what`, a sentence without its full stop, to every owner, and to the addresses `also`; not to `but`.

    `actor` is who did it, as the audit log names them.
    """
    mail(
        to=[address for address in (*owners_of(merchant), *also) if address not in set(but)],
        template="security",
        merchant=merchant,
        what=what,
        actor=actor,
        mode=mode,
        at=timezone.now(),
    )


@transaction.atomic
def tell_of_account(*, user: User, what: str, action: str, former: Iterable[str] = (), actor: str = "") -> None:
    """How somebody signs in has changed: mailed to them, to their `former` addresses and to the owners they work with.

    `what` completes "<address> …" and "Your account …" alike: "has another password". Each business's audit log gets a
    line with `action`.
    """
    actor = actor or user.email
    mail(to=[user.email, *former], template="account_changed", user=user, what=what, at=timezone.now())
    own = {user.email, *former}
    for merchant in Merchant.objects.filter(members__user=user).order_by("id"):
        record(merchant=merchant, actor=actor, action=action, subject=user.email)
        tell_owners(merchant=merchant, what=f"{user.email} {what}", actor=actor, but=own)
