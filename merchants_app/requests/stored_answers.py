"""Looks through the answers that are kept for repeated requests (`idempotency`): for whoever erases or exports a buyer.

They lie encrypted, so that no database can search them. There are those of a day, no more.
"""

from collections.abc import Callable, Iterator
from typing import Any

from cryptography.fernet import InvalidToken

from common.api.exact_json import dumps, loads_own
from common.postgresql.poolers import read_in_pieces
from merchants_app.models import IdempotencyRecord, Merchant
from merchants_app.requests.form_keys import FORM_KEYS
from merchants_app.requests.idempotency import encrypted, readable

_AT_A_TIME = 500


def answers_with(word: str, *, merchant: Merchant, mode: str) -> Iterator[tuple[int, Any]]:
    """Key and JSON of each kept answer in which the word stands, in whatever case.

    Of calls alone: what a form said is no JSON, and names the people of the business, or a buyer's page by its token.
    """
    wanted = word.casefold()
    records = IdempotencyRecord.objects.filter(merchant=merchant, mode=mode).exclude(key__regex=FORM_KEYS)
    kept = records.order_by("pk").values_list("pk", "body", "is_encrypted")
    for pk, body, is_encrypted in read_in_pieces(kept, size=_AT_A_TIME):
        try:
            text = readable(bytes(body), is_encrypted=is_encrypted).decode()
        except InvalidToken:
            continue  # nobody can read it any more, whoever it names
        if wanted in text.casefold():
            yield pk, loads_own(text)


def forget_in_answers(word: str, *, merchant: Merchant, mode: str, forget: Callable[[Any], Any]) -> None:
    """Rewrites them. A repeated request then gets the rewritten answer, and is still not done again.

    A shop that made the word part of its `Idempotency-Key` loses that key.
    """
    for pk, answer in list(answers_with(word, merchant=merchant, mode=mode)):
        IdempotencyRecord.objects.filter(pk=pk).update(
            body=encrypted(dumps(forget(answer)).encode()), is_encrypted=True
        )
    named = IdempotencyRecord.objects.filter(merchant=merchant, mode=mode, key__icontains=word)
    for pk in named.values_list("pk", flat=True):
        IdempotencyRecord.objects.filter(pk=pk).update(key=f"erased-{pk}")
