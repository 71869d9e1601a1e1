"""A key never has more than whoever holds it, and ends, or is handed over, with their membership."""

from collections.abc import Callable
from importlib import import_module

import pytest

from merchants_app.keys.api_keys import BeyondRole, NoOwner, create_key, forget_keys
from merchants_app.models import ApiKey, AuditEntry, Member, Merchant, Role, User
from tests.cast import Api, find_key, terms
from tests.desk import PASSWORD, Desk, owner_of
from tests.strangers.world import own

SCOPES = ["read", "write", "webhooks", "decide"]


def member(merchant: Merchant, role: str, email: str = "dev@mia.example") -> User:
    user = User.objects.create_user(email, PASSWORD)
    Member.objects.create(merchant=merchant, user=user, role=role)
    return user


def key_of(user: User, merchant: Merchant, mode: str = "test", scopes: list[str] | None = None) -> tuple[ApiKey, str]:
    return create_key(merchant=merchant, mode=mode, name="shop", scopes=scopes or ["read", "write"], by=user)


def becomes(user: User, role: str) -> None:
    Member.objects.filter(user=user).update(role=role)
    forget_keys()  # 4 seconds later


def test_a_developers_live_key_cannot_decide(mia: Merchant) -> None:
    developer = member(mia, "developer")
    with pytest.raises(BeyondRole, match=r"Developer\) may not act on sessions in live mode.*Leave 'decide' out"):
        key_of(developer, mia, "live", SCOPES)
    assert not own(ApiKey).exists()
    assert key_of(developer, mia, "live", ["read", "write", "webhooks"])[0].scopes == ["read", "write", "webhooks"]
    assert key_of(developer, mia, "test", SCOPES)[0].scopes == SCOPES


@pytest.mark.parametrize(("role", "scope"), [("support", "write"), ("support", "webhooks"), ("viewer", "decide")])
def test_nobody_makes_a_key_beyond_their_role(mia: Merchant, role: str, scope: str) -> None:
    with pytest.raises(BeyondRole, match=f"Leave '{scope}' out"):
        key_of(member(mia, role), mia, scopes=[scope])


def test_a_stranger_makes_no_key(mia: Merchant, otto: Merchant) -> None:
    with pytest.raises(BeyondRole, match="only members make keys"):
        key_of(owner_of(otto), mia)


def test_the_operators_key_is_held_by_the_oldest_owner(mia: Merchant) -> None:
    member(mia, "owner")
    assert create_key(merchant=mia, mode="test", name="x")[0].holder == User.objects.get(email="mia@example.com")


def test_without_an_owner_there_is_no_key(db: None) -> None:
    with pytest.raises(NoOwner, match="make somebody an owner first"):
        create_key(merchant=Merchant.objects.create(name="Nobody's"), mode="test", name="x")


def test_an_owner_turned_viewer_has_keys_that_only_read(api: Api, mia: Merchant) -> None:
    second = member(mia, "owner")
    shop = api.as_(key_of(second, mia, scopes=SCOPES)[1])
    assert shop.post("checkout", terms()).status_code == 200
    becomes(second, "viewer")
    assert shop.get("checkout").status_code == 200
    refused = [shop.post("checkout", terms()), shop.get("webhook-endpoints"), shop.post("checkout/cs_1/resolve")]
    assert [answer.status_code for answer in refused] == [403] * 3
    (error,) = refused[0].answer["errors"]
    assert error["code"] == "missing_scope"
    assert "has the scope 'write', but whoever holds it may no longer manage API keys in test mode" in error["detail"]
    becomes(second, "owner")
    assert shop.post("checkout", terms()).status_code == 200


def test_whoever_changes_a_role_is_told_that_keys_hang_on_it(desk: Desk, mia: Merchant) -> None:
    second = member(mia, "owner")
    desk.give_password()
    for expected in (False, True):
        address = f"/dashboard/{desk.at}/team/{Member.objects.get(user=second).pk}/role"
        text = desk.client.post(address, {"role": "viewer"}, follow=True).content.decode()
        assert ("Their API keys may do no more than that either" in text) is expected
        becomes(second, "owner")
        key_of(second, mia)


def test_a_shrunk_role_counts_within_five_seconds(
    api: Api, mia: Merchant, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Callable[..., object]
) -> None:
    second = member(mia, "owner")
    secret = key_of(second, mia)[1]
    with django_assert_num_queries(1):
        assert find_key(secret)
    Member.objects.filter(user=second).update(role="viewer")
    now = import_module("time").monotonic()
    monkeypatch.setattr("merchants_app.keys.api_keys.time.monotonic", lambda: now + 4.9)
    assert api.as_(secret).post("checkout", terms()).status_code == 403


@pytest.mark.parametrize(
    "end",
    [
        lambda user: Member.objects.filter(user=user).delete(),
        lambda user: user.delete(),
        lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    ],
    ids=["membership", "account", "switched off"],
)
def test_a_key_ends_with_its_holder_however_they_went(api: Api, mia: Merchant, end: Callable[[User], object]) -> None:
    second = member(mia, "owner")
    shop = api.as_(key_of(second, mia)[1])
    assert shop.get("checkout").status_code == 200
    end(second)
    forget_keys()
    answer = shop.get("checkout")
    assert (answer.status_code, answer.answer["errors"][0]["code"]) == (401, "invalid_api_key")


def test_a_role_in_another_business_counts_for_nothing(mia: Merchant, otto: Merchant) -> None:
    second = member(mia, "owner")
    secret = key_of(second, mia)[1]
    Member.objects.filter(user=second).update(merchant=otto)
    assert find_key(secret) is None


def leave(desk: Desk, user: User, **form: str) -> str:
    desk.give_password()
    answer = desk.client.post(f"/dashboard/{desk.at}/team/{Member.objects.get(user=user).pk}/remove", form, follow=True)
    return str(answer.content.decode())


def lines(key: ApiKey) -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(subject=key.public_id).order_by("id").values_list("action", "actor"))


def test_removing_somebody_with_keys_asks_what_becomes_of_them(desk: Desk, mia: Merchant) -> None:
    developer = member(mia, "developer")
    keys = [key_of(developer, mia, mode)[0] for mode in ("test", "live")]
    assert "2 API keys: …" in desk.read("team")
    for form in ({}, {"keys": ""}, {"keys": "whatever"}):
        assert "holds 2 API keys. Choose what shall become of that" in leave(desk, developer, **form)
    assert Member.objects.filter(user=developer).exists()
    assert [lines(key)[-1][0] for key in keys] == ["api_key.created"] * 2


def test_keys_are_handed_over_to_the_owner_who_says_so(api: Api, desk: Desk, mia: Merchant) -> None:
    developer, _other = member(mia, "developer"), member(mia, "owner", "older@mia.example")
    key, secret = key_of(developer, mia)
    leave(desk, developer, keys="hand_over")
    assert not Member.objects.filter(user=developer).exists()
    assert api.as_(secret).get("checkout").status_code == 200
    key.refresh_from_db()
    assert (key.holder, key.created_by) == (desk.user, developer)
    assert lines(key)[-1] == ("api_key.handed_over", desk.user.email)
    assert own(AuditEntry).latest("id").action == "member.removed"


def test_or_they_are_revoked(api: Api, desk: Desk, mia: Merchant) -> None:
    developer = member(mia, "developer")
    key, secret = key_of(developer, mia)
    assert api.as_(secret).get("checkout").status_code == 200
    leave(desk, developer, keys="revoke")
    assert api.as_(secret).get("checkout").status_code == 401
    assert api.get("checkout").status_code == 200  # the owner's own key
    assert lines(key)[-1] == ("api_key.revoked", desk.user.email)


def test_an_owner_who_leaves_hands_their_keys_to_another_one(desk: Desk, mia: Merchant) -> None:
    other = member(mia, "owner")
    key, _ = key_of(desk.user, mia)
    assert "hand over to another owner" in desk.read("team")
    leave(desk, desk.user, keys="hand_over")
    key.refresh_from_db()
    assert key.holder == other


def test_somebody_without_keys_is_removed_unasked(desk: Desk, mia: Merchant) -> None:
    developer = member(mia, "developer")
    create_key(merchant=mia, mode="test", name="x", by=developer)
    own(ApiKey).update(revoked_at=mia.created_at)
    leave(desk, developer)
    assert not Member.objects.filter(user=developer).exists()


def test_another_businesss_keys_stay_as_they_are(desk: Desk, mia: Merchant, otto: Merchant) -> None:
    developer = member(mia, "developer")
    Member.objects.create(merchant=otto, user=developer, role=Role.DEVELOPER)
    key, secret = key_of(developer, otto)
    form = Member.objects.get(user=developer, merchant=mia).pk
    desk.give_password().post(f"team/{form}/remove")
    assert not Member.objects.filter(user=developer, merchant=mia).exists()
    assert find_key(secret)
    key.refresh_from_db()
    assert key.holder == developer


def test_an_owner_takes_a_key_over(api: Api, desk: Desk, mia: Merchant) -> None:
    second = member(mia, "owner")
    key, secret = key_of(second, mia, scopes=SCOPES)
    becomes(second, "viewer")
    assert "not write, webhooks, decide: beyond the role of dev@mia.example" in desk.read("keys")
    assert desk.post(f"keys/{key.public_id}/take").status_code == 302
    assert api.as_(secret).post("checkout", terms()).status_code == 200
    assert lines(key)[-1] == ("api_key.handed_over", desk.user.email)


def test_only_owners_of_the_business_take_keys_over(
    desk: Desk, ottos_desk: Desk, colleague: Callable[..., Desk], mia: Merchant
) -> None:
    key, _ = key_of(owner_of(mia), mia)
    assert colleague("developer").post(f"keys/{key.public_id}/take").status_code == 403
    assert ottos_desk.post(f"keys/{key.public_id}/take").status_code == 404
    ottos_desk.business = mia.public_id
    assert ottos_desk.post(f"keys/{key.public_id}/take").status_code == 404
    assert desk.in_("live").post(f"keys/{key.public_id}/take").status_code == 404
    key.refresh_from_db()
    assert key.holder == owner_of(mia)


def test_a_revoked_key_is_not_taken_over(desk: Desk, mia: Merchant) -> None:
    key, _ = key_of(member(mia, "owner"), mia)
    own(ApiKey).update(revoked_at=mia.created_at)
    answer = desk.client.post(f"/dashboard/{desk.at}/keys/{key.public_id}/take", follow=True)
    assert "has ended: make another key" in answer.content.decode()
    key.refresh_from_db()
    assert key.holder != desk.user


def test_a_key_whose_holder_left_is_shown_as_ended(desk: Desk, mia: Merchant) -> None:
    second = member(mia, "owner")
    key_of(second, mia)
    Member.objects.filter(user=second).delete()
    text = desk.read("keys")
    assert "Keys that no longer work" in text
    assert "(dev@mia.example) does not work here any more" in text
    assert "Take over" in text


def test_a_last_owner_with_keys_is_told_of_the_owner_first(desk: Desk, mia: Merchant) -> None:
    _, secret = key_of(desk.user, mia)
    assert "Somebody must own the business" in leave(desk, desk.user, keys="revoke")
    assert find_key(secret)
