"""The purchases context."""

from django.apps import AppConfig


class PurchasesConfig(AppConfig):
    """Orders and how they come about."""

    name = "purchases"
    label = "purchases"

    def ready(self) -> None:
        from marketplace.core import append_only  # noqa: PLC0415

        from .models import OrderEvent  # noqa: PLC0415
        from .orders import handlers  # noqa: F401, PLC0415

        append_only.protect(OrderEvent)
