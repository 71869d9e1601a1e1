"""API keys: shown once, found by their secret, revoked for good."""

import pytest

from merchants_app.keys import api_keys
from merchants_app.keys.api_keys import create_key, revoke_key
from merchants_app.models import ApiKey, AuditEntry, Merchant
from merchants_app.requests import log
from tests.cast import Api, find_key


def test_the_secret_is_not_kept(mia: Merchant) -> None:
    key, secret = create_key(merchant=mia, mode="test", name="shop")
    assert secret.startswith("sk_test_")
    assert len(secret) == len("sk_test_") + 40  # 160 bits in hex
    assert secret not in str(ApiKey.objects.values().get(pk=key.pk))
    assert secret.startswith(key.hint)


def test_two_keys_never_look_alike(mia: Merchant) -> None:
    secrets = {create_key(merchant=mia, mode="live", name="shop")[1] for _ in range(20)}
    assert len(secrets) == 20
    assert all(secret.startswith("sk_live_") for secret in secrets)


def test_making_and_revoking_are_audited(mia: Merchant) -> None:
    owner = mia.members.get().user
    key, _ = create_key(merchant=mia, mode="test", name="shop", by=owner)
    revoke_key(key, by=owner)
    revoke_key(key, by=owner)  # nothing more happens
    lines = AuditEntry.objects.filter(subject=key.public_id).order_by("id").values_list("action", "actor")
    assert list(lines) == [("api_key.created", owner.email), ("api_key.revoked", owner.email)]


def test_a_revoked_key_stops_at_once_in_this_process(api: Api, mia: Merchant) -> None:
    assert api.get("checkout").status_code == 200
    revoke_key(mia.api_keys.get(), by=None)
    answer = api.get("checkout")
    assert answer.status_code == 401
    assert answer.answer["errors"][0]["code"] == "invalid_api_key"


def test_a_key_revoked_elsewhere_is_remembered_for_less_than_5_seconds(
    mia_key: str, mia: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_key(mia_key)
    mia.api_keys.update(revoked_at=mia.created_at)  # another process did it
    now = api_keys.time.monotonic()
    monkeypatch.setattr(api_keys.time, "monotonic", lambda: now + 3)
    assert find_key(mia_key)
    monkeypatch.setattr(api_keys.time, "monotonic", lambda: now + 4.9)
    assert find_key(mia_key) is None


def test_a_known_key_costs_no_query(mia_key: str, django_assert_num_queries: object) -> None:
    find_key(mia_key)
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert find_key(mia_key)


def test_last_use_is_shown_but_not_written_at_each_request(api: Api, mia: Merchant) -> None:
    api.get("checkout")
    log.write_lines()
    first = mia.api_keys.get().last_used_at
    assert first is not None
    api.get("checkout")
    log.write_lines()
    assert mia.api_keys.get().last_used_at == first


@pytest.mark.parametrize(
    "header",
    [
        {"Authorization": "Bearer {secret}"},
        {"Authorization": "bearer   {secret}"},
        {"ww-api-key": "{secret}"},
    ],
)
def test_the_key_may_come_in_either_header(api: Api, mia_key: str, header: dict[str, str]) -> None:
    headers = {name: value.format(secret=mia_key) for name, value in header.items()}
    assert api.as_("").get("checkout", **headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic cGF0OnBhdA=="},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer sk_test_nobody"},
        {"ww-api-key": "sk_test_nobody"},
        {"ww-api-key": "ключ"},
    ],
)
def test_without_a_valid_key_the_answer_is_401(api: Api, headers: dict[str, str]) -> None:
    answer = api.as_("").get("checkout", **headers)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer.answer["type"] == "client_error"


def test_a_missing_scope_is_named(api: Api, mia: Merchant) -> None:
    reader = api.as_(create_key(merchant=mia, mode="test", name="books", scopes=["read"])[1])
    writer = api.as_(create_key(merchant=mia, mode="test", name="till", scopes=["write"])[1])
    assert reader.get("checkout").status_code == 200
    refused = reader.post("checkout"), writer.get("checkout")
    assert [answer.status_code for answer in refused] == [403, 403]
    assert ["'write'" in refused[0].answer["errors"][0]["detail"], "'read'" in refused[1].answer["errors"][0]["detail"]]
