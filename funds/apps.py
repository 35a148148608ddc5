"""The funds context."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FundsConfig(AppConfig):
    """Ledger, wallets, payments."""

    name = "funds"
    label = "funds"
    verbose_name = _("Money")

    def ready(self) -> None:
        from marketplace.core import append_only, erasure, personal_data  # noqa: PLC0415
        from marketplace.core.outbox import feeds  # noqa: PLC0415

        from .metrics import register_gauges  # noqa: PLC0415
        from .models import Journal, PaymentEvent, Posting  # noqa: PLC0415
        from .order_money import handlers as order_handlers  # noqa: F401, PLC0415
        from .payments import tasks  # noqa: PLC0415
        from .personal_data import TABLES, UNTOLD  # noqa: PLC0415
        from .wallets.services import expect_nothing_left, forget_customer  # noqa: PLC0415

        append_only.protect(Journal)
        append_only.protect(Posting)
        append_only.protect(PaymentEvent)
        erasure.register("funds", guard=expect_nothing_left, erase=forget_customer)
        personal_data.register("funds", TABLES, untold=UNTOLD)
        feeds.register(tasks.FEED)
        register_gauges()
