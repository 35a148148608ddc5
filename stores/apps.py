"""The stores context."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoresConfig(AppConfig):
    """Merchants, catalogue, inventory."""

    name = "stores"
    label = "stores"
    verbose_name = _("Stores and catalogue")

    def ready(self) -> None:
        from marketplace.core import access, append_only, erasure  # noqa: PLC0415
        from marketplace.core.outbox import feeds  # noqa: PLC0415

        from . import events  # noqa: F401, PLC0415
        from .importing import tasks  # noqa: PLC0415
        from .inventory.models import StockMovement  # noqa: PLC0415
        from .merchants.selectors import merchants_reach  # noqa: PLC0415
        from .merchants.services import forget_member, refuse_last_owner  # noqa: PLC0415

        access.add_authority(merchants_reach)
        append_only.protect(StockMovement)
        feeds.register(tasks.FEED)
        erasure.register("stores", guard=refuse_last_owner, erase=forget_member)
