"""The purchases context."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PurchasesConfig(AppConfig):
    """Orders and how they come about."""

    name = "purchases"
    label = "purchases"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from marketplace.core import append_only, erasure, moments, personal_data  # noqa: PLC0415
        from marketplace.core.outbox import feeds  # noqa: PLC0415

        from .autobuy import handlers as _autobuy  # noqa: F401, PLC0415
        from .autobuy import tasks as autobuy_tasks  # noqa: PLC0415
        from .call_offs import handlers as _call_offs  # noqa: F401, PLC0415
        from .invoices import handlers as _invoices  # noqa: F401, PLC0415
        from .invoices import tasks as invoice_tasks  # noqa: PLC0415
        from .listed_prices import handlers as _price_handlers  # noqa: F401, PLC0415
        from .listed_prices import tasks as price_tasks  # noqa: PLC0415
        from .loyalty_points import handlers as _points_handlers  # noqa: F401, PLC0415
        from .metrics import register_gauges  # noqa: PLC0415
        from .models import OrderEvent, ShipmentEvent  # noqa: PLC0415
        from .orders import handlers, tasks  # noqa: F401, PLC0415
        from .personal_data import TABLES  # noqa: PLC0415
        from .privacy import forget_person, refuse_while_something_is_under_way  # noqa: PLC0415
        from .sales_days import handlers as _sales_days  # noqa: F401, PLC0415
        from .shipments import handlers as _shipments  # noqa: F401, PLC0415

        append_only.protect(OrderEvent)
        append_only.protect(ShipmentEvent)
        register_gauges()
        moments.register("purchases.orders", tasks.run_due_moments)
        feeds.register(price_tasks.FEED)
        feeds.register(autobuy_tasks.FEED)
        moments.register("purchases.invoices", invoice_tasks.run_due_moments)
        erasure.register("purchases", guard=refuse_while_something_is_under_way, erase=forget_person)
        personal_data.register("purchases", TABLES)
