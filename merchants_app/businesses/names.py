"""How a business is named in addresses, by its key: asked once a process, for it never changes."""

from merchants_app.models import Merchant

_NAMES: dict[int, str] = {}


def name_in_addresses(merchant_id: int) -> str:
    """Its public id."""
    if merchant_id not in _NAMES:
        _NAMES[merchant_id] = Merchant.objects.values_list("public_id", flat=True).get(pk=merchant_id)
    return _NAMES[merchant_id]


def remember(merchant: Merchant) -> None:
    """Spares the question."""
    _NAMES[merchant.pk] = merchant.public_id
