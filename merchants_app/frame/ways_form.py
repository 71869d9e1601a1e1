"""The table of ways to pay on the settings page: which are on, and how deep a payment on each network must be.

One mode at a time: test and live have other networks, and what is not shown is not changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from typing_extensions import override

from chains_app.networks.networks import Network, enabled_networks
from common.modes import Mode
from merchants_app.businesses.ways import NothingLeft, asked_confirmations, check_ways, most_confirmations
from merchants_app.frame.forms import offer
from merchants_app.models import Merchant, way

_SIZES = {"small": "below 100 USD", "normal": "below 10,000 USD", "large": "above"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRow:
    """A line of the table."""

    network: Network
    is_on: bool
    assets: list[tuple[str, str, bool]]  # its way, its symbol, whether it is on
    confirmations: list[forms.BoundField]
    takes: tuple[timedelta, timedelta]  # for a small sum, and for a large one

    @property
    def errors(self) -> list[str]:
        """Of its numbers."""
        return [str(error) for field in self.confirmations for error in field.errors]


class WaysForm(forms.Form):
    """What is on of a mode's networks. Without its mark in what was sent, nothing of it was meant to change."""

    ways_of = forms.CharField(required=False, widget=forms.HiddenInput)
    networks = forms.MultipleChoiceField(required=False)
    assets = forms.MultipleChoiceField(required=False)

    def __init__(self, data: Any = None, *, merchant: Merchant, mode: str) -> None:
        super().__init__(data if data is not None and "ways_of" in data else None, initial={"ways_of": mode})
        self.merchant, self.mode = merchant, mode
        self.shown = enabled_networks(Mode(mode))
        offer(self, "networks", [(each.id, each.name) for each in self.shown])
        offer(self, "assets", [(way(asset=a, network=n.id), a) for n in self.shown for a in n.assets])
        for network in self.shown:
            asked = asked_confirmations(merchant.confirmations, network)
            for size in _SIZES:
                self.fields[f"{network.id}-{size}"] = _confirmations(network, size, getattr(asked, size))

    @property
    def is_empty(self) -> bool:
        """Whether the mode has no network at all."""
        return not self.shown

    @override
    def clean(self) -> dict[str, Any]:
        """Something is left to pay with, and numbers grow with the amount."""
        given = self.cleaned_data
        for network in self.shown:
            numbers = [given[name] for size in _SIZES if (name := f"{network.id}-{size}") in given]
            if numbers != sorted(numbers):
                sentence = f"{network.name}: a larger sum needs no fewer than a smaller one."
                self.add_error(f"{network.id}-large", sentence)
        try:
            check_ways(self._off(given), mode=self.mode)
        except NothingLeft as refusal:
            self.add_error("networks", refusal.detail)
        return given

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong with it, or it was not sent."""
        return not self.is_bound or self.is_valid()

    def changes(self) -> dict[str, Any]:
        """For `change_settings`; nothing when the form was not part of what was sent."""
        if not self.is_bound:
            return {}
        shown = {network.id for network in self.shown}
        kept = [each for each in self.merchant.ways_off if each.rpartition("@")[2] not in shown]
        confirmations = {name: each for name, each in self.merchant.confirmations.items() if name not in shown}
        for network in self.shown:
            asked = [self.cleaned_data[f"{network.id}-{size}"] for size in _SIZES]
            if asked != [getattr(network.confirmations, size) for size in _SIZES]:
                confirmations[network.id] = asked
        return {"ways_off": [*kept, *self._off(self.cleaned_data)], "confirmations": confirmations}

    def rows(self) -> list[NetworkRow]:
        """As it is, or as it was sent."""
        off = self._off(self._sent()) if self.is_bound else self.merchant.ways_off
        return [
            NetworkRow(
                network=each,
                is_on=each.id not in off,
                assets=[(one := way(asset=a, network=each.id), a, one not in off) for a in each.assets],
                confirmations=[self[f"{each.id}-{size}"] for size in _SIZES],
                takes=_takes(each, self.merchant),
            )
            for each in self.shown
        ]

    def _sent(self) -> Mapping[str, list[str]]:
        sent = self.data
        assert isinstance(sent, QueryDict)
        return {name: sent.getlist(name) for name in ("networks", "assets")}

    def _off(self, on: Mapping[str, Any]) -> list[str]:
        networks, assets = set(on.get("networks", ())), set(on.get("assets", ()))
        off = []
        for network in self.shown:
            if network.id not in networks:
                off.append(network.id)
            off += [one for symbol in network.assets if (one := way(asset=symbol, network=network.id)) not in assets]
        return off


def _confirmations(network: Network, size: str, asked: int) -> forms.IntegerField:
    least = getattr(network.confirmations, size)
    label = f"Confirmations on {network.name}, {_SIZES[size]}"
    most = most_confirmations(network)
    words = f"{network.name}: {least} to {most:,}, as whole numbers. Fewer than {least} would not be safe there."
    return forms.IntegerField(
        min_value=least,
        max_value=most,
        initial=asked,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), words),
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off", "aria-label": label}),
    )


def _takes(network: Network, merchant: Merchant) -> tuple[timedelta, timedelta]:
    asked = asked_confirmations(merchant.confirmations, network)
    return (
        timedelta(seconds=network.block_seconds * asked.small),
        timedelta(seconds=network.block_seconds * asked.large),
    )
