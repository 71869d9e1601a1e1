"""The forms about endpoints: what may be typed, and how it reads when it is wrong. The rules are elsewhere."""

from django import forms

from webhooks_app.event_types import EventType

_CHOICES = [(each.value, each.value) for each in EventType if each != EventType.ENDPOINT_TEST]


class EndpointForm(forms.Form):
    """A new endpoint, or what of it can be changed."""

    url = forms.CharField(
        label="URL",
        max_length=2000,
        help_text="Your server's address for messages, such as https://shop.example/webhooks.",
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    events = forms.MultipleChoiceField(
        label="Events",
        choices=_CHOICES,
        required=False,
        help_text="None ticked: all of them.",
        widget=forms.CheckboxSelectMultiple,
    )
    headers = forms.CharField(
        label="Headers of your own",
        required=False,
        help_text="One on each line: X-Token: let-me-in. Not shown again once saved.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )

    def clean_headers(self) -> dict[str, str]:
        """Names with values."""
        found: dict[str, str] = {}
        for line in self.cleaned_data["headers"].splitlines():
            name, colon, value = (part.strip() for part in line.partition(":"))
            if not colon and not name:
                continue
            if not colon:
                raise forms.ValidationError(f"“{line[:60]}” has no colon: write Name: value.")
            found[name] = value
        return found


class ChangeEndpointForm(EndpointForm):
    """Headers are replaced only when asked, because they cannot be shown."""

    replace_headers = forms.BooleanField(
        label="Replace the present headers by those above (none above: remove them)", required=False
    )


class ResendForm(forms.Form):
    """Sending again: all that failed, or everything since a time, or at once what waits for its next try."""

    waiting = forms.BooleanField(required=False, widget=forms.HiddenInput)
    since = forms.DateTimeField(
        label="Everything since",
        required=False,
        help_text="By the business's clock. Empty: only what failed.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
