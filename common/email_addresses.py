"""How e-mail addresses of people who sign in are spelled: one person is not two because of a capital letter."""


def folded(address: str) -> str:
    """As it is stored and looked for."""
    return address.strip().lower()
