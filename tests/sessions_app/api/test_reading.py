"""What the hand-written SELECT reads is what the ORM reads."""

from collections import Counter
from datetime import UTC, timedelta
from typing import Any, get_type_hints

import pytest
from django.utils import timezone

from merchants_app.keys.api_keys import create_key
from merchants_app.models import KeyScope, Merchant
from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import decide
from sessions_app.reading.list_sql import read_newest
from sessions_app.selling.creation import create_session
from sessions_app.state.facts import with_facts
from sessions_app.state.reading_sql import read_session
from sessions_app.state.representation import represent
from sessions_app.status import DecisionKind
from tests.cast import MIAS_WALLET, Api, agreed, merchant, terms
from tests.sandbox import Sandbox, sandbox_at
from tests.sessions_app.refunding.test_refunds import prepared


@pytest.fixture(scope="module")
def history(once: None) -> Merchant:
    """A new one, one with a quote, one that is paid and refunded, and one with a shortfall that was accepted."""
    with sandbox_at() as sandbox:
        mia = merchant("Mia Coffee", MIAS_WALLET)
        _play(sandbox, Api(create_key(merchant=mia, mode="test", name="shop", scopes=list(KeyScope))[1]), mia)
        return mia


def _play(sandbox: Sandbox, api: Api, mia: Merchant) -> None:
    session = create_session(merchant=mia, mode="test", terms=agreed())
    plain = api.post("checkout", terms(reference="plain", metadata={"n": 1, "price": "1.50"})).answer["id"]
    quoted = api.post("checkout", terms(productId="quoted")).answer["id"]
    api.post(f"checkout/{quoted}/quote", {"asset": "ETH", "network": "sandbox"})
    paid, short = (api.post("checkout", terms(email=f"{name}@example.com")).answer["id"] for name in ("paid", "short"))
    sandbox.play(CheckoutSession.objects.get(public_id=paid), "exact")
    sandbox.play(CheckoutSession.objects.get(public_id=short), "short")
    prepared(CheckoutSession.objects.get(public_id=paid), kind="full")
    sandbox.skip(hours=2)
    sandbox.look()
    decide(session=by_orm(mia)[0], kind=DecisionKind.ACCEPT, tx_hash="", note="", actor="test")
    assert {session.public_id, plain, quoted, paid, short} == {each.public_id for each in by_orm(mia)}


@pytest.fixture
def mia(history: Merchant, db: None) -> Merchant:
    return Merchant.objects.get(pk=history.pk)


@pytest.fixture
def all_kinds(mia: Merchant) -> list[CheckoutSession]:
    return by_orm(mia)


def by_orm(merchant: Merchant) -> list[CheckoutSession]:
    return list(with_facts(CheckoutSession.objects.filter(merchant=merchant, mode="test")).order_by("-id"))


APART = {"customer", "deposit", "quote", "payments", "decisions", "refunds"}


def same_of(view: Any, row: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of a view, and those of the model's instance under the same names."""
    names = [name for name in get_type_hints(type(view)) if name not in APART]
    return {name: getattr(view, name) for name in names}, {name: getattr(row, name) for name in names}


def test_every_column_and_every_related_row_is_the_same(all_kinds: list[CheckoutSession], mia: Merchant) -> None:
    read = read_newest(mia, "test", filters={}, metadata={}, below=None, limit=100)
    assert {one.created_at.tzinfo for one in read} == {UTC}
    pairs: list[tuple[Any, Any]] = list(zip(read, all_kinds, strict=True))
    for mine, orms in list(pairs):
        assert represent(mine) == represent(orms)
        pairs.append((mine.customer, orms.customer))
        for one in ("deposit", "quote"):
            if there := getattr(orms, one, None):
                pairs.append((getattr(mine, one), there))
            else:
                assert getattr(mine, one) is None
        for several in ("payments", "decisions", "refunds"):
            pairs += zip(getattr(mine, several), getattr(orms, several).all(), strict=True)
    for view, row in pairs:
        mine, orms = same_of(view, row)
        assert mine == orms
    kinds = Counter(type(view).__name__ for view, _ in pairs)
    assert [kinds[name] for name in ("SessionView", "PaymentView", "DecisionView", "RefundView")] == [5, 2, 1, 1]


def test_what_was_read_cannot_be_changed(session: CheckoutSession, mia: Merchant) -> None:
    read = read_session(mia, "test", session.public_id)
    with pytest.raises(AttributeError):
        read.status = "completed"  # type: ignore[misc,union-attr]


@pytest.mark.usefixtures("all_kinds")
@pytest.mark.parametrize(
    ("filters", "metadata", "number"),
    [
        ({"status": "expired"}, {}, 3),
        ({"payment_status": "paid"}, {}, 2),
        ({"email": "paid@example.com"}, {}, 1),
        ({"reference": "plain"}, {}, 1),
        ({"product_id": "quoted"}, {}, 1),
        ({"created_after": timezone.now() + timedelta(days=1)}, {}, 0),
        ({"created_before": timezone.now() + timedelta(days=1)}, {}, 5),
        ({}, {"price": "1.50"}, 1),
        ({}, {"price": "1.5"}, 0),
        ({"status": "expired", "reference": "plain"}, {"price": "1.50"}, 1),
    ],
)
def test_filters(mia: Merchant, filters: dict[str, Any], metadata: dict[str, str], number: int) -> None:
    assert len(read_newest(mia, "test", filters=filters, metadata=metadata, below=None, limit=100)) == number


@pytest.mark.usefixtures("all_kinds")
def test_strangers_are_shown_nothing(otto: Merchant, mia: Merchant, session: CheckoutSession) -> None:
    assert read_newest(otto, "test", filters={}, metadata={}, below=None, limit=100) == []
    assert read_newest(mia, "live", filters={}, metadata={}, below=None, limit=100) == []
    assert read_session(otto, "test", session.public_id) is None
    assert read_session(mia, "live", session.public_id) is None
