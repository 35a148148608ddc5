"""System checks: half a configuration of Mercado Pago is worse than none."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks

LONGEST_DESCRIPTOR: Final = 16
"""Page "Create preference", `statement_descriptor`."""


@checks.register("payments")
def mercadopago_is_complete(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """With an access token there must be a webhook secret, a collector id and https.

    An error in production, where a forged webhook, money to another account or a token in clear text would cost; a
    warning elsewhere. Silent without a token.
    """
    if not settings.MERCADOPAGO_ACCESS_TOKEN:
        return []
    level = checks.Error if settings.MERCADOPAGO_MUST_BE_COMPLETE else checks.Warning
    found: list[checks.CheckMessage] = []
    if not any(secret.strip() for secret in settings.MERCADOPAGO_WEBHOOK_SECRETS):
        found.append(level("MERCADOPAGO_WEBHOOK_SECRETS is empty: every webhook is refused", id="funds.E101"))
    if not settings.MERCADOPAGO_COLLECTOR_ID.isdigit():
        found.append(
            level("MERCADOPAGO_COLLECTOR_ID is not the seller's numeric id: anybody's would do", id="funds.E102")
        )
    if urlsplit(settings.MERCADOPAGO_API_URL).scheme != "https":
        found.append(level("MERCADOPAGO_API_URL is not https: the token would travel in clear text", id="funds.E103"))
    if len(settings.MERCADOPAGO_STATEMENT_DESCRIPTOR) > LONGEST_DESCRIPTOR:
        found.append(level("MERCADOPAGO_STATEMENT_DESCRIPTOR has more than 16 characters", id="funds.E104"))
    if settings.MERCADOPAGO_MUST_BE_COMPLETE and settings.MERCADOPAGO_SANDBOX:
        found.append(checks.Warning("MERCADOPAGO_SANDBOX is on in production: test money is credited", id="funds.W105"))
    return found
