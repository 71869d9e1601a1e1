"""Public ids: a prefix that says what the thing is, then 26 letters of Crockford's base 32 (`cs_4f…`), 130 random bits.

What a statement writes without Python having seen the rows (events, deliveries) gets ids of the same shape from
PostgreSQL, `sql_public_id`.
"""

import os

# Crockford's alphabet has no i, l, o, u: an id read aloud or retyped cannot be mistaken for another.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 26
# Every byte's letter: each of the 32 stands for as many bytes as the others.
_LETTERS = (_ALPHABET * 8).encode()
# Asking the system for randomness is most of what an id costs, so it is asked for many at once. A fork must not hand
# out what its parent does.
_AT_ONCE = 64
_spare: list[bytes] = []
os.register_at_fork(after_in_child=_spare.clear)


def new_public_id(prefix: str) -> str:
    """A fresh id such as `cs_…`; unguessable, so that it may stand in a URL given to a buyer."""
    return f"{prefix}_{_randomness().translate(_LETTERS).decode()}"


def sql_public_id(prefix: str) -> str:
    """SQL for a fresh id of that shape for each row. Only 98 of its bits are random: for what is no secret."""
    # Of a UUID's 32 hexadecimal digits, all of which are letters of the alphabet, the last 26.
    return f"'{prefix}_' || right(replace(gen_random_uuid()::text, '-', ''), {_LENGTH})"


def _randomness() -> bytes:
    try:
        return _spare.pop()  # by one thread only, whichever is first
    except IndexError:
        many = os.urandom(_LENGTH * _AT_ONCE)
        _spare.extend(many[at : at + _LENGTH] for at in range(_LENGTH, len(many), _LENGTH))
        return many[:_LENGTH]


def new_session_id() -> str:
    """Id of a checkout session."""
    return new_public_id("cs")


def new_page_token() -> str:
    """The secret in the address of a buyer's page: whoever has it pays, and says where a refund goes."""
    return new_public_id("pg")


def new_merchant_id() -> str:
    """Id of a merchant."""
    return new_public_id("mer")


def new_customer_id() -> str:
    """Id of a customer."""
    return new_public_id("cus")


def new_key_id() -> str:
    """Id of an API key; names it in the dashboard, says nothing of its secret."""
    return new_public_id("key")


def new_endpoint_id() -> str:
    """Id of a webhook endpoint."""
    return new_public_id("we")


def new_event_id() -> str:
    """Id of an event; travels as `webhook-id`, so a receiver knows a repeat by it."""
    return new_public_id("evt")


def new_delivery_id() -> str:
    """Id of a delivery."""
    return new_public_id("dlv")


def new_payment_id() -> str:
    """Id of a payment."""
    return new_public_id("pay")


def new_quote_id() -> str:
    """Id of a quote."""
    return new_public_id("quo")


def new_refund_id() -> str:
    """Id of a refund."""
    return new_public_id("ref")


def new_address_change_id() -> str:
    """Id of a refund address that waits for its code."""
    return new_public_id("rac")


def new_link_id() -> str:
    """Id of a payment link."""
    return new_public_id("pl")
