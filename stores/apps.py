"""The stores context."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoresConfig(AppConfig):
    """Merchants, catalogue, inventory, procurement."""

    name = "stores"
    label = "stores"
    verbose_name = _("Stores and catalogue")

    def ready(self) -> None:
        from marketplace.core import access, admin_map, append_only, erasure, personal_data  # noqa: PLC0415
        from marketplace.core.outbox import feeds  # noqa: PLC0415

        from . import events  # noqa: F401, PLC0415
        from .catalog.models import PriceChange  # noqa: PLC0415
        from .importing import tasks  # noqa: PLC0415
        from .inventory.models import StockMovement  # noqa: PLC0415
        from .merchants.selectors import map_of_stores, merchants_reach  # noqa: PLC0415
        from .metrics import register_gauges  # noqa: PLC0415
        from .personal_data import TABLES  # noqa: PLC0415
        from .privacy import erase, guard  # noqa: PLC0415
        from .procurement.models import GoodsReceipt, GoodsReceiptLine  # noqa: PLC0415

        access.add_authority(merchants_reach)
        admin_map.add_points(map_of_stores)
        append_only.protect(PriceChange)
        append_only.protect(StockMovement)
        append_only.protect(GoodsReceipt)
        append_only.protect(GoodsReceiptLine)
        register_gauges()
        erasure.register("stores", guard=guard, erase=erase)
        personal_data.register("stores", TABLES)
        feeds.register(tasks.FEED)
