"""The demo merchant of an installation to try things with: "Nordlicht Coffee", its owner, a wallet and a test key."""

import json
import secrets
from dataclasses import asdict, dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from checkout_project.running.secrets import demo_file, write_private
from common.modes import Mode
from merchants_app.keys.api_keys import create_key, digest_of
from merchants_app.models import ApiKey, KeyScope, Member, Merchant, Role, Treasury, User

NAME = "Nordlicht Coffee"
EMAIL = "demo@tallystick.example"
# The tenth account of anvil's public development mnemonic: for test money only.
TREASURY = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What somebody needs who wants to try it."""

    email: str
    password: str
    api_key: str


@transaction.atomic
def make_demo() -> Demo:
    """Makes what is missing of the demo; what somebody changed meanwhile stays changed.

    Password and key are the same as last time, unless the database does not know them (any more).
    """
    file = demo_file(settings.DATA_DIR)
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_superuser(EMAIL)
    if "password" not in kept or not user.has_usable_password():
        kept["password"] = secrets.token_urlsafe(12)
        user.set_password(kept["password"])
        user.save(update_fields=["password"])
    member = Member.objects.filter(user=user).select_related("merchant").first() or Member.objects.create(
        merchant=Merchant.objects.create(name=NAME, support_email=EMAIL), user=user, role=Role.OWNER
    )
    if not Treasury.objects.filter(merchant=member.merchant, mode=Mode.TEST).exists():
        Treasury.objects.create(merchant=member.merchant, mode=Mode.TEST, address=TREASURY, active_from=timezone.now())
    if not ApiKey.objects.filter(digest=digest_of(kept.get("api_key", "")), revoked_at=None).exists():
        _, kept["api_key"] = create_key(
            merchant=member.merchant, mode=Mode.TEST, name="Demo", scopes=list(KeyScope), by=user
        )
    demo = Demo(email=EMAIL, password=kept["password"], api_key=kept["api_key"])
    # Inside the transaction: a key that could not be kept is not made.
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(file, json.dumps(asdict(demo), indent=2))
    return demo
