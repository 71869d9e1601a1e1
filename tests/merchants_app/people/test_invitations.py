"""Invitations: nobody is a member until the letter was opened, and every wrong turn is told in a sentence."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from merchants_app.models import AuditEntry, Invitation, Member, Merchant, User
from merchants_app.people.invitations import BETWEEN_LETTERS, INVITATIONS_A_DAY, write_again
from tests.desk import PASSWORD, Desk, owner_of
from tests.letters import last_link_to, letters_to
from tests.strangers.world import own

NORA = "nora@elsewhere.example"
CHOSEN = {"password1": "a long password", "password2": "a long password"}

pytestmark = pytest.mark.usefixtures("letters_leave")


@pytest.fixture
def asked(desk: Desk) -> Callable[..., str]:
    """Mia invites somebody; answers the link that they got."""

    def ask(email: str = NORA, role: str = "support") -> str:
        answer = desk.give_password().post("team", email=email, role=role)
        assert answer.status_code == 302, answer.content.decode()
        return last_link_to(email.lower())

    return ask


def signed_in(email: str) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(email, PASSWORD))
    return client


def text_of(answer: object) -> str:
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


def test_nobody_is_made_by_being_asked(asked: Callable[..., str], mia: Merchant) -> None:
    asked()
    assert not User.objects.filter(email=NORA).exists()
    assert Member.objects.filter(merchant=mia).count() == 1


def test_a_newcomer_signs_up_in_the_letter_and_goes_to_work(
    asked: Callable[..., str], client: Client, mia: Merchant
) -> None:
    link = asked("Nora@Elsewhere.example")
    assert "Mia Coffee" in text_of(client.get(link))
    assert client.post(link, CHOSEN)["Location"] == f"/dashboard/{mia.public_id}/test/overview"
    assert client.get(f"/dashboard/{mia.public_id}/test/sessions").status_code == 200
    nora = User.objects.get(email=NORA)
    assert EmailAddress.objects.get(user=nora).verified
    assert Member.objects.get(user=nora).role == "support"
    answer = Client().post("/accounts/login/", {"login": NORA, "password": CHOSEN["password1"]})
    assert answer["Location"] == "/dashboard"


def test_owners_and_the_audit_log_are_told_of_both(asked: Callable[..., str], client: Client, mia: Merchant) -> None:
    client.post(asked(), CHOSEN)
    subjects = [letter.subject for letter in letters_to(owner_of(mia).email)]
    assert subjects == [f"Mia Coffee: {NORA} is invited as support", f"Mia Coffee: {NORA} joined as support"]
    actors = dict(AuditEntry.objects.filter(merchant=mia).values_list("action", "actor"))
    assert actors == {"member.invited": "mia@example.com", "member.joined": NORA}


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password1": "password123", "password2": "password123"}, "too common"),
        ({"password1": NORA, "password2": NORA}, "too similar"),
        ({"password1": "a long password", "password2": "another password"}, "two different passwords"),
        ({}, "required"),
    ],
)
def test_a_bad_password_is_told_at_the_field(
    asked: Callable[..., str], client: Client, form: dict[str, str], sentence: str
) -> None:
    assert sentence in text_of(client.post(asked(), form))
    assert not User.objects.filter(email=NORA).exists()


def test_one_who_has_an_account_accepts_with_it(asked: Callable[..., str], mia: Merchant, otto: Merchant) -> None:
    ottos = owner_of(otto)
    link = asked(ottos.email)
    client = Client()
    client.force_login(ottos)
    assert "signed in as <strong>otto@example.com" in text_of(client.get(link))
    assert not Member.objects.filter(merchant=mia, user=ottos).exists()
    client.post(link)
    assert Member.objects.get(merchant=mia, user=ottos).role == "support"


def test_another_account_gets_the_letters_address_after_its_password(asked: Callable[..., str], mia: Merchant) -> None:
    link, client = asked(), signed_in("private@home.example")
    person = User.objects.get(email="private@home.example")
    EmailAddress.objects.create(user=person, email=NORA, verified=False)  # whoever says so, has not proven it
    question = client.post(f"{link}?from=mail")["Location"]
    assert question.startswith("/accounts/reauthenticate/")
    assert not EmailAddress.objects.get(email=NORA).verified
    client.post(question, {"password": PASSWORD})
    assert Member.objects.filter(merchant=mia, user=person).exists()
    assert EmailAddress.objects.get(email=NORA).user == person
    assert EmailAddress.objects.get(email=NORA).verified
    assert NORA in str(letters_to("private@home.example")[-1].body)


def test_the_wrong_account_is_told_whose_letter_it_is(asked: Callable[..., str], mia: Merchant, otto: Merchant) -> None:
    link, client = asked(owner_of(otto).email), signed_in("thief@example.com")
    for answer in (client.get(link), client.post(client.post(link)["Location"], {"password": PASSWORD})):
        assert "belongs to another account than thief@example.com. Sign out" in text_of(answer)
    assert Member.objects.filter(merchant=mia).count() == 1


def test_one_with_an_account_is_not_made_a_second(asked: Callable[..., str], client: Client, otto: Merchant) -> None:
    link = asked(owner_of(otto).email)
    assert "There is an account with otto@example.com already" in text_of(client.post(link, CHOSEN))
    assert owner_of(otto).check_password(PASSWORD)


def test_a_member_who_is_asked_again_is_refused_at_the_field(desk: Desk, colleague: Callable[..., Desk]) -> None:
    colleague("viewer")
    text = text_of(desk.give_password().post("team", email="VIEWER@mia.example", role="owner"))
    assert "in the team already" in text
    assert not own(Invitation).exists()


def test_a_members_other_address_is_no_second_member(desk: Desk, colleague: Callable[..., Desk]) -> None:
    user = colleague("viewer").user
    EmailAddress.objects.create(user=user, email="other@mia.example", verified=True)
    assert "in the team already" in text_of(desk.give_password().post("team", email="other@mia.example", role="owner"))


def test_nobody_is_invited_twice_at_once(asked: Callable[..., str], desk: Desk) -> None:
    asked()
    assert "is invited already" in text_of(desk.post("team", email=NORA, role="owner"))
    assert own(Invitation).get().role == "support"


@pytest.mark.parametrize("secret", ["x", "a" * 43, "a" * 5000, "%00", "ä"])
def test_a_forged_one_is_no_page(client: Client, db: None, secret: str) -> None:
    assert client.get(f"/invitations/{secret}").status_code == 404
    assert client.post(f"/invitations/{secret}", CHOSEN).status_code == 404


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "This invitation ended on"),
        ({"withdrawn_at": timezone.now()}, "was taken back. Ask Mia Coffee"),
        ({"accepted_at": timezone.now()}, "was accepted already. Sign in"),
    ],
)
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_one_that_is_over_says_why(
    asked: Callable[..., str], client: Client, change: dict[str, object], sentence: str, is_signed_in: bool
) -> None:
    link = asked()
    own(Invitation).update(**change)
    if is_signed_in:
        client = signed_in("somebody@example.com")
    for answer in (client.get(link), client.post(link, CHOSEN)):
        assert answer.status_code == 410
        assert sentence in text_of(answer)
    assert own(Member).count() == 1


def test_it_works_once(asked: Callable[..., str], client: Client) -> None:
    link = asked()
    client.post(link, CHOSEN)
    assert signed_in("thief@example.com").post(link).status_code == 410
    assert own(Member).count() == 2


def test_its_secret_is_not_in_the_database(asked: Callable[..., str]) -> None:
    secret = asked().removeprefix("/invitations/")
    assert len(secret) >= 43
    assert secret not in str(own(Invitation).values().get())


def test_a_letter_written_again_ends_the_former_link(asked: Callable[..., str], desk: Desk, client: Client) -> None:
    former = asked()
    long_ago = timezone.now() - BETWEEN_LETTERS
    own(Invitation).update(sent_at=long_ago, expires_at=long_ago)
    desk.post(f"team/invitations/{own(Invitation).get().pk}/again")
    assert client.get(former).status_code == 404
    assert client.get(last_link_to(NORA)).status_code == 200


def test_nobody_is_written_to_again_and_again(asked: Callable[..., str], desk: Desk) -> None:
    asked()
    path = f"/dashboard/{desk.at}/team/invitations/{own(Invitation).get().pk}/again"
    assert "less than 10 minutes ago" in text_of(desk.client.post(path, follow=True))
    assert len(letters_to(NORA)) == 1
    sent = own(Invitation).get()
    write_again(merchant=sent.merchant, invitation_id=sent.pk, by=desk.user, now=sent.sent_at + BETWEEN_LETTERS)
    assert own(Invitation).get().sent_at == sent.sent_at + BETWEEN_LETTERS


def test_a_business_writes_to_so_many_strangers_a_day(asked: Callable[..., str], desk: Desk) -> None:
    for number in range(INVITATIONS_A_DAY):
        asked(f"n{number}@elsewhere.example")
        desk.post(f"team/invitations/{own(Invitation).latest('id').pk}/withdraw")
    assert "a day are the limit" in text_of(desk.post("team", email=NORA, role="viewer"))


def test_writing_again_counts_as_a_letter_of_the_day(asked: Callable[..., str], desk: Desk) -> None:
    asked()
    path = f"/dashboard/{desk.at}/team/invitations/{own(Invitation).get().pk}/again"
    for _ in range(7):
        own(Invitation).update(sent_at=timezone.now() - BETWEEN_LETTERS)
        said = text_of(desk.client.post(path, follow=True))
    assert f"{NORA} got 5 letters within a day" in said
    assert len(letters_to(NORA)) == 5
    own(AuditEntry).filter(subject=NORA).update(subject="ada@elsewhere.example")
    for number in range(25):
        asked(f"n{number}@elsewhere.example")
    assert "30 letters a day are the limit" in text_of(desk.client.post(path, follow=True))


def test_one_that_is_taken_back_can_be_sent_anew(asked: Callable[..., str], desk: Desk, client: Client) -> None:
    former = asked()
    desk.post(f"team/invitations/{own(Invitation).get().pk}/withdraw")
    assert client.get(former).status_code == 410
    assert client.get(asked()).status_code == 200


def test_the_team_page_shows_sender_and_end(asked: Callable[..., str], desk: Desk) -> None:
    asked()
    text = text_of(desk.get("team"))
    assert NORA in text
    assert "by mia@example.com" in text
    assert "ends" in text


@pytest.mark.parametrize("act", ["again", "withdraw"])
def test_a_stranger_or_a_viewer_touches_none(
    asked: Callable[..., str], ottos_desk: Desk, colleague: Callable[..., Desk], act: str
) -> None:
    asked()
    path = f"team/invitations/{own(Invitation).get().pk}/{act}"
    assert ottos_desk.give_password().post(path).status_code == 404
    assert colleague("viewer").post(path).status_code == 403
    assert own(Invitation).get().withdrawn_at is None


@pytest.mark.parametrize(
    ("act", "how", "status"), [("remove", {}, 410), ("role", {"role": "viewer"}, 410), ("role", {"role": "owner"}, 200)]
)
def test_who_leaves_the_team_or_is_no_owner_any_more_leaves_no_invitations_behind(
    desk: Desk, colleague: Callable[..., Desk], client: Client, act: str, how: dict[str, str], status: int
) -> None:
    leaving = colleague("owner").give_password()
    leaving.post("team", email=NORA, role="owner")
    link = last_link_to(NORA)
    desk.give_password().post(f"team/{Member.objects.get(user=leaving.user).pk}/{act}", **how)
    assert client.get(link).status_code == status


def test_a_very_long_address_is_no_500(desk: Desk) -> None:
    email = f"{'x' * 60}@{'y' * 60}.{'z' * 60}.example"
    assert desk.give_password().post("team", email=email, role="viewer").status_code == 302
    assert own(AuditEntry).get(action="member.invited").subject == email


def test_the_answer_is_the_same_for_known_and_unknown_addresses(desk: Desk, otto: Merchant) -> None:
    said = []
    for email in ("otto@example.com", "nobody@example.com"):
        answer = desk.give_password().client.post(
            f"/dashboard/{desk.at}/team", {"email": email, "role": "viewer"}, follow=True
        )
        (notice,) = [str(each) for each in answer.context["messages"]]
        said.append(notice.replace(email, "…"))
    assert said[0] == said[1]
    assert [letter.body.split("\n")[0] for letter in mail.outbox if "invites" in str(letter.body)] == [
        "mia@example.com invites you to Mia Coffee as Viewer. Open this to accept:"
    ] * 2
