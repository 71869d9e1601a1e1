"""The cast: Mia (merchant), Otto (another merchant, who must see nothing of hers), Pat (who pays)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone
from pydantic.alias_generators import to_snake

from common.api.exact_json import dumps, loads_strict
from merchants_app.businesses.switches import forget_switches
from merchants_app.keys.api_keys import create_key, digest_of, forget_keys, key_with
from merchants_app.models import ApiKey, KeyScope, Member, Merchant, Role, Treasury, User
from merchants_app.requests.log import forget_lines
from sessions_app.models import CheckoutSession
from sessions_app.selling.creation import SessionTerms, create_session
from tests.played import Played

# Anvil's accounts 8 and 9: wallets whose keys everybody knows.
MIAS_WALLET = "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"
OTTOS_WALLET = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"
PATS_WALLET = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"


def merchant(name: str, wallet: str) -> Merchant:
    """A business with an owner, receiving in a wallet of its own in both modes."""
    business = Merchant.objects.create(name=name, support_email=f"hello@{name.split()[0].lower()}.example")
    owner = User(email=f"{name.split()[0].lower()}@example.com")
    owner.set_password("correct horse battery")
    owner.save()
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    Member.objects.create(merchant=business, user=owner, role=Role.OWNER)
    since = timezone.now() - timedelta(days=30)
    Treasury.objects.bulk_create(
        Treasury(merchant=business, mode=mode, address=wallet, active_from=since) for mode in ("test", "live")
    )
    return business


def terms(**changes: Any) -> dict[str, Any]:
    """The body of a create call that every field of the contract fills; `None` takes a field out."""
    body: dict[str, Any] = {
        "amount": Decimal("49.00"),
        "currency": "USD",
        "successUrl": "https://shop.example/thanks",
        "cancelUrl": "https://shop.example/cart",
        "email": "pat@example.com",
        "name": "Pat Payer",
        "metadata": {"orderId": "10482"},
        "productId": "box-1",
        "productName": "Winter box, 1 kg",
        "productDescription": "Three single origins, roasted on Monday",
        "allowedAssets": [],
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def agreed(**changes: Any) -> SessionTerms:
    """The same as terms that were checked."""
    return SessionTerms(**{to_snake(name): value for name, value in terms(**changes).items()})


class Api:
    """A shop's server. `api.as_(secret)` speaks with that key; answers have `.json` with exact numbers."""

    def __init__(self, secret: str = "") -> None:
        self.secret = secret
        self.client = Client()

    def as_(self, secret: str) -> "Api":
        """The same API with another key."""
        return Api(secret)

    def get(self, path: str, **headers: str) -> Any:
        """A GET below /api/v1/."""
        return self._call("get", path, None, headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """A POST of JSON below /api/v1/."""
        return self._call("post", path, {} if body is None else body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        """A PATCH of JSON below /api/v1/."""
        return self._call("patch", path, body, headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        """A PUT of JSON below /api/v1/."""
        return self._call("put", path, body, headers)

    def delete(self, path: str, **headers: str) -> Any:
        """A DELETE below /api/v1/."""
        return self._call("delete", path, None, headers)

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.secret:
            sent["Authorization"] = f"Bearer {self.secret}"
        options: dict[str, Any] = {"headers": sent}
        if body is not None:
            options |= {"data": dumps(body), "content_type": "application/json"}
        response = getattr(self.client, method)(f"/api/v1/{path}", **options)
        response.answer = loads_strict(response.content.decode()) if response.content else None
        return response


@pytest.fixture(autouse=True)
def _forget_keys() -> None:
    """Each test has keys of its own; what a process remembers of them must not outlive the test's rollback."""
    forget_keys()
    forget_lines()
    forget_switches()


@pytest.fixture
def mia(played: Played | None, db: None) -> Merchant:
    """Mia's coffee shop."""
    return Merchant.objects.get(pk=played.mia) if played else merchant("Mia Coffee", MIAS_WALLET)


@pytest.fixture
def otto(db: None) -> Merchant:
    """Otto's shop: a stranger to Mia's."""
    return merchant("Otto Bikes", OTTOS_WALLET)


@pytest.fixture
def mia_key(mia: Merchant, played: Played | None) -> str:
    """Mia's test key."""
    return played.mia_key if played else create_key(merchant=mia, mode="test", name="shop", scopes=list(KeyScope))[1]


@pytest.fixture
def mia_live_key(mia: Merchant) -> str:
    """Mia's live key."""
    return create_key(merchant=mia, mode="live", name="shop", scopes=list(KeyScope))[1]


@pytest.fixture
def otto_key(otto: Merchant) -> str:
    """Otto's test key."""
    return create_key(merchant=otto, mode="test", name="shop", scopes=list(KeyScope))[1]


@pytest.fixture
def api(mia_key: str) -> Api:
    """The API with Mia's test key."""
    return Api(mia_key)


@pytest.fixture
def new_session(mia: Merchant) -> Callable[..., CheckoutSession]:
    """Makes test-mode sessions of Mia's: `new_session(amount=…)`, fields named as in the API."""

    def make(**changes: Any) -> CheckoutSession:
        merchant = changes.pop("merchant", mia)
        return create_session(merchant=merchant, mode="test", terms=agreed(**changes))

    return make


@pytest.fixture
def session(new_session: Callable[..., CheckoutSession]) -> CheckoutSession:
    """An open session of Mia's over 49.00 USD that any asset may pay."""
    return new_session()


@pytest.fixture
def large_session(new_session: Callable[..., CheckoutSession]) -> CheckoutSession:
    """An open session over so much that even the sandbox asks for a second block."""
    return new_session(amount=Decimal(20_000))


def find_key(secret: str) -> ApiKey | None:
    """The key with that secret, as a call that carries it would be let in by."""
    return key_with(digest_of(secret))


def refreshed(session: CheckoutSession) -> CheckoutSession:
    """The session as the database has it now."""
    return CheckoutSession.objects.get(pk=session.pk)
