"""The stores context."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoresConfig(AppConfig):
    """Merchants, catalogue, inventory."""

    name = "stores"
    label = "stores"
    verbose_name = _("Stores and catalogue")

    def ready(self) -> None:
        from marketplace.core import access, admin_map, append_only, erasure  # noqa: PLC0415

        from . import events  # noqa: F401, PLC0415
        from .inventory.models import StockMovement  # noqa: PLC0415
        from .merchants.selectors import map_of_stores, merchants_reach  # noqa: PLC0415
        from .privacy import erase, guard  # noqa: PLC0415

        access.add_authority(merchants_reach)
        admin_map.add_points(map_of_stores)
        append_only.protect(StockMovement)
        erasure.register("stores", guard=guard, erase=erase)
