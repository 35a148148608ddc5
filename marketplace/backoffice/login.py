"""The back office's log-in: passwords are guessed no faster here than at the API."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from unfold.forms import AuthenticationForm

from marketplace.core.http.throttling import AuthRateLimit, client_address, hit, network_of, parse_rate


class LoginForm(AuthenticationForm):
    """Counts tries per address, together with the API's, before any password is looked at."""

    def clean(self) -> dict[str, Any]:
        limit, seconds = parse_rate(settings.THROTTLE_RATES[AuthRateLimit.scope])
        who = network_of(client_address(self.request))
        if hit(f"{AuthRateLimit.scope}:{who}", seconds) > limit:
            raise ValidationError(_("Too many tries. Please wait a minute."), code="throttled")
        values: dict[str, Any] = super().clean()
        return values
