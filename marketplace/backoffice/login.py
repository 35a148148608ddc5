"""The back office's log-in: passwords are guessed no faster here than at the API, and not for long."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.forms import AuthenticationForm

from marketplace.core.http.throttling import AuthRateLimit, client_address, network_of, within_rate


class LoginForm(AuthenticationForm):
    """Counts tries per address, together with the API's, before any password is looked at."""

    def clean(self) -> dict[str, Any]:
        if not within_rate(AuthRateLimit.scope, network_of(client_address(self.request))):
            raise ValidationError(_("Too many tries. Please wait a minute."), code="throttled")
        values: dict[str, Any] = super().clean()
        return values


def address_of(request: HttpRequest) -> str:
    """What the lock-out counts as one client: django-axes asks."""
    return network_of(client_address(request)).partition("/")[0]


def account_tried(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Which account somebody tries to open; addresses are kept in lower case."""
    given = (credentials or {}).get("username") or request.POST.get("username", "")
    return str(given).strip().lower()
