"""What the shop has at Mercado Pago, read from the settings. Names of variables: `.env.example`."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

API_URL: Final = "https://api.mercadopago.com"
WEBHOOK_PATH: Final = "/api/v1/funds/webhooks/mercadopago/"


@dataclass(frozen=True, slots=True)
class MercadoPagoConfig:
    """One account. Secrets stay out of `repr`, so that no log shows them."""

    access_token: str = field(repr=False)
    collector_id: str
    currency: str
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    webhook_window: timedelta = timedelta(minutes=10)
    is_sandbox: bool = False
    calls_per_second: float = 50.0
    api_url: str = API_URL
    return_url: str = ""
    notification_url: str = ""
    item_title: str = "Wallet deposit"
    statement_descriptor: str = ""

    @classmethod
    def from_settings(cls) -> "MercadoPagoConfig":
        """The configured account. Without an access token it is off; the caller asks."""
        public = settings.PUBLIC_URL if urlsplit(settings.PUBLIC_URL).scheme == "https" else ""
        return cls(
            access_token=settings.MERCADOPAGO_ACCESS_TOKEN,
            collector_id=settings.MERCADOPAGO_COLLECTOR_ID,
            currency=settings.MERCADOPAGO_CURRENCY or settings.DEFAULT_CURRENCY,
            webhook_secrets=tuple(settings.MERCADOPAGO_WEBHOOK_SECRETS),
            webhook_window=timedelta(seconds=settings.MERCADOPAGO_WEBHOOK_WINDOW_SECONDS),
            is_sandbox=settings.MERCADOPAGO_SANDBOX,
            calls_per_second=settings.MERCADOPAGO_CALLS_PER_SECOND,
            api_url=settings.MERCADOPAGO_API_URL.rstrip("/"),
            return_url=settings.MERCADOPAGO_RETURN_URL or public,
            # Mercado Pago takes no local addresses: without a public one nothing is told, and polling does the work.
            notification_url=settings.MERCADOPAGO_NOTIFICATION_URL or (public and f"{public}{WEBHOOK_PATH}"),
            item_title=settings.MERCADOPAGO_ITEM_TITLE,
            statement_descriptor=settings.MERCADOPAGO_STATEMENT_DESCRIPTOR,
        )
