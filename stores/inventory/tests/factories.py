"""Stock for tests, here and in other contexts: opened by the service, so that movements explain it."""

from stores.catalog.models import Variant
from stores.inventory.models import StockItem
from stores.inventory.services import StockOpening, open_stock


def stocked(variant: Variant, on_hand: int = 10, *, reorder_point: int = 0) -> StockItem:
    """The variant with `on_hand` in its store."""
    opening = StockOpening(variant.pk, variant.store_id, on_hand, reorder_point=reorder_point)
    open_stock([opening])
    return StockItem.objects.get(variant=variant)
