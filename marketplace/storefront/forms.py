"""What customers fill in."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.core.errors import InvalidInputError

MAX_PASSWORD = 128


class LogInForm(forms.Form):
    """Address and password. The name `username` is what the lock after wrong passwords counts by."""

    username = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class RegistrationForm(forms.Form):
    """Who is new here."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=MAX_PASSWORD,
        strip=False,
        help_text=gettext_lazy("At least 8 characters, not only digits, nothing that everybody uses."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "minlength": 8}),
    )

    def clean_email(self) -> str:
        """Addresses are kept in lower case."""
        return str(self.cleaned_data["email"]).lower()


class PlaceForm(forms.Form):
    """Where somebody is, in degrees."""

    latitude = forms.FloatField(
        label=gettext_lazy("Latitude"),
        min_value=-90,
        max_value=90,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal", "autocomplete": "off"}),
    )
    longitude = forms.FloatField(
        label=gettext_lazy("Longitude"),
        min_value=-180,
        max_value=180,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal", "autocomplete": "off"}),
    )


def add_refusal(form: forms.Form, error: InvalidInputError) -> None:
    """Put what a service refused beside the fields it was about."""
    for each in error.field_errors:
        form.add_error(each.field if each.field in form.fields else None, _(each.detail) if each.detail else "")
