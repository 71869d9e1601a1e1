"""The ways to pay of a business, how long its prices hold, how deep its payments must be. A session copies all."""

from collections.abc import Collection

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


def is_off(ways_off: Collection[str], *, asset: str, network: str) -> bool:
    """Whether an asset on a network is among the ways that are switched off: by itself, or with its whole network."""
    return network in ways_off or way(asset=asset, network=network) in ways_off


def off_in_both(one: Collection[str], other: Collection[str]) -> list[str]:
    """The ways that are off in each of two, though one may name the network and the other what is on it."""
    return sorted({off for off in {*one, *other} if all(_covers(each, off) for each in (one, other))})


def _covers(ways_off: Collection[str], off: str) -> bool:
    return off in ways_off or off.rpartition("@")[2] in ways_off


def way(*, asset: str, network: str) -> str:
    """How an asset on a network is written down among them."""
    return f"{asset}@{network}"


class PayingRules(models.Model):
    """How a business is paid."""

    quote_minutes = models.PositiveSmallIntegerField(
        default=15,
        db_default=15,
        validators=[MinValueValidator(5), MaxValueValidator(60)],
        help_text="How long the price of a quote holds, in minutes.",
    )
    grace_minutes = models.PositiveSmallIntegerField(
        default=2,
        db_default=2,
        validators=[MinValueValidator(2), MaxValueValidator(15)],
        help_text="How long after a quote's end a block may still be at its rate, in minutes.",
    )
    ways_off = ArrayField(
        models.CharField(max_length=80),
        default=list,
        db_default=[],
        blank=True,
        help_text="What buyers cannot pay with: a network ('base') or an asset on one ('USDC@base').",
    )
    confirmations = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="By network, when payments need more confirmations than it asks for: small, normal, large.",
    )

    class Meta:
        abstract = True
