"""What a business says of itself on its buyers' pages: its picture, its words, where they lead."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from common.network.languages import Offer

# What can be said otherwise in single languages, and what it is called; as the field of this name says it, it is said
# in all others.
BY_LANGUAGE = {
    "thanks": "words after the payment", "support_url": "link for buyers' questions", "terms_url": "link to your terms",
    "privacy_url": "link to your privacy notice",
}  # fmt: skip


class PayPageWords(models.Model):
    """The part of a business that its buyers see, beside name, colour and e-mail address. Empty: not shown."""

    logo_digest = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False, help_text="Names its `Logo` in addresses."
    )
    support_url = models.CharField(
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text="Where buyers ask; {reference} becomes the order's number.",
    )
    terms_url = models.CharField(max_length=500, blank=True, default="", db_default="", help_text="Terms of sale.")
    privacy_url = models.CharField(max_length=500, blank=True, default="", db_default="", help_text="Privacy notice.")
    thanks = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Said to buyers who have paid, in plain text."
    )
    receipt_details = models.CharField(
        max_length=400,
        blank=True,
        default="",
        db_default="",
        help_text="Who sells, on receipts: the full name, the postal address, the VAT number, a line each.",
    )
    own_words = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="By language and field, what buyers who read that language are told instead.",
    )
    returns_by_itself = models.BooleanField(
        default=True, db_default=True, help_text="After a payment the page goes back to the shop by itself."
    )
    languages = ArrayField(
        models.CharField(max_length=16),
        default=list,
        db_default=[],
        blank=True,
        help_text="What its buyers' pages and letters are offered in; empty: all languages that there are.",
    )
    language = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        help_text="One of those, of buyers whose own is not known or not on offer; empty: English.",
    )

    class Meta:
        abstract = True

    def own_word(self, name: str, *, language: str) -> str:
        """What is said in this language alone, of `BY_LANGUAGE`; empty: the same as in all others."""
        word: str = self.own_words.get(language, {}).get(name, "")
        return word

    def word(self, name: str, *, language: str) -> str:
        """What a buyer who reads this language is told."""
        said: str = self.own_word(name, language=language) or getattr(self, name)
        return said

    @property
    def speaks(self) -> Offer:
        """What its buyers can be spoken to in."""
        return Offer(self.languages, self.language)
