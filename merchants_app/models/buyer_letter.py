"""The letters that buyers get by themselves, each of which a business can switch off."""

from django.db import models


class BuyerLetter(models.TextChoices):
    """Code and name, as the settings page lists them. `Merchant.buyer_letters_off` holds the codes of those not sent.

    Which moment each belongs to: `sessions_app/owed/letters.py`.
    """

    RECEIPT = "receipt", "Receipt, once a payment is final"
    EXPIRED = "expired", "The time is over and money is here: how to get it back"
    REFUND_SENT = "refund_sent", "A refund is on its way"
    REFUND_DONE = "refund_done", "A refund is final"
    REFUND_ADDRESS = "refund_address", "Another refund address was left"
