"""What ought to be ordered: computed for all stock items at once, in a handful of statements.

A continuously reviewed (s, S) policy, as in Silver, Pyke, Thomas, "Inventory and Production Management in Supply
Chains" (4th ed., 2017), chapter 6; the reorder point of the item is its safety stock.

    d        sold per day: units of sale movements of the last 28 days / 28
    L        the supplier's lead time in days, R the review period of 7 days
    position available + what is still to come of drafts and placed orders
    s        reorder point + d * L                    order when position <= s
    S        reorder point + d * (L + R)
    quantity max(S - position, reorder quantity, the price list's least quantity), rounded up to whole packs

Nothing is suggested where the need and the reorder quantity are both nothing (an item without rule and without sales).
Demands are rounded up to whole units. The supplier is the one of the preferred price, else of the cheapest; only
suppliers in use, that serve the item's department or its store, in its currency.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from marketplace.core.locking import LockRank, lock
from stores.catalog.models import Category, Product, Variant
from stores.inventory.models import StockItem, StockMovement
from stores.merchants.models import Store

from .models import PurchaseOrder, PurchaseOrderLine, ReplenishmentSuggestion, Supplier, SupplierPrice

SALES_DAYS: Final = 28
REVIEW_DAYS: Final = 7
LEAD_DAYS_UNKNOWN: Final = 7
"""Taken for the lead time where nobody's price list has the variant."""

MOST: Final = 1_000_000
"""No line of an order has more."""

_MODELS = {
    "item": StockItem,
    "variant": Variant,
    "product": Product,
    "category": Category,
    "store": Store,
    "movement": StockMovement,
    "supplier": Supplier,
    "price": SupplierPrice,
    "order": PurchaseOrder,
    "line": PurchaseOrderLine,
    "suggestion": ReplenishmentSuggestion,
}

# Both engines run it; in SQLite the greatest of several is called MAX.
_COMPUTE = """
WITH sold AS (
  SELECT stock_item_id, SUM(quantity) AS units FROM {movement}
  WHERE kind = 'sale' AND created_at >= %(since)s GROUP BY stock_item_id
), incoming AS (
  SELECT o.store_id, l.variant_id,
    SUM(CASE WHEN l.quantity > l.received_qty THEN l.quantity - l.received_qty ELSE 0 END) AS units
  FROM {line} l JOIN {order} o ON o.id = l.order_id WHERE o.state IN ('draft', 'placed')
  GROUP BY o.store_id, l.variant_id
), offer AS (
  SELECT p.variant_id, p.supplier_id, p.cost_minor, p.pack_size, p.least_qty, s.lead_time_days,
    ROW_NUMBER() OVER (PARTITION BY p.variant_id ORDER BY p.is_preferred DESC, p.cost_minor, p.id) AS place
  FROM {price} p
  JOIN {supplier} s ON s.id = p.supplier_id AND s.archived_at IS NULL
  JOIN {variant} v ON v.id = p.variant_id AND v.currency = s.currency
  JOIN {product} r ON r.id = v.product_id
  JOIN {category} c ON c.id = r.category_id
  WHERE s.store_id = v.store_id OR s.department_id = c.department_id
), figure AS (
  SELECT i.id, v.currency, i.on_hand - i.allocated AS available, i.reorder_point, i.reorder_qty,
    COALESCE(n.units, 0) AS incoming, COALESCE(d.units, 0) AS units,
    f.supplier_id, f.cost_minor, COALESCE(f.pack_size, 1) AS pack_size, COALESCE(f.least_qty, 1) AS least_qty,
    COALESCE(f.lead_time_days, %(lead)s) AS lead_days
  FROM {item} i
  JOIN {variant} v ON v.id = i.variant_id AND v.is_active AND v.archived_at IS NULL
  JOIN {product} r ON r.id = v.product_id AND r.archived_at IS NULL
  JOIN {store} t ON t.id = i.store_id AND t.archived_at IS NULL AND t.state <> 'closed'
  LEFT JOIN sold d ON d.stock_item_id = i.id
  LEFT JOIN incoming n ON n.store_id = i.store_id AND n.variant_id = i.variant_id
  LEFT JOIN offer f ON f.variant_id = i.variant_id AND f.place = 1
), need AS (
  SELECT figure.*,
    reorder_point + (units * lead_days + %(days)s - 1) / %(days)s AS order_at,
    reorder_point + (units * (lead_days + %(review)s) + %(days)s - 1) / %(days)s - available - incoming AS missing
  FROM figure
), suggested AS (
  SELECT need.*,
    ({greatest}(missing, reorder_qty, least_qty) + pack_size - 1) / pack_size * pack_size AS quantity
  FROM need WHERE available + incoming <= order_at AND (missing > 0 OR reorder_qty > 0)
)
INSERT INTO {suggestion} (stock_item_id, supplier_id, quantity, unit_cost_minor, currency, available, incoming,
  sold_per_day_milli, lead_time_days, computed_at)
SELECT id, supplier_id, CASE WHEN quantity > %(most)s THEN %(most)s ELSE quantity END,
  cost_minor, currency, available, incoming, units * 1000 / %(days)s, lead_days, %(at)s
FROM suggested
WHERE quantity > 0
ORDER BY id
ON CONFLICT (stock_item_id) DO UPDATE SET supplier_id = excluded.supplier_id, quantity = excluded.quantity,
  unit_cost_minor = excluded.unit_cost_minor, currency = excluded.currency, available = excluded.available,
  incoming = excluded.incoming, sold_per_day_milli = excluded.sold_per_day_milli,
  lead_time_days = excluded.lead_time_days, computed_at = excluded.computed_at
"""


@transaction.atomic
def refresh_suggestions(*, at: datetime) -> int:
    """Compute every suggestion anew; how many there are. Harmless twice, also at the same time.

    Every supplier in use is locked first, as whoever drafts an order locks one: what is drafted meanwhile is not
    suggested again.
    """
    lock(LockRank.PURCHASE_ORDER, Supplier.objects.filter(archived_at__isnull=True))
    adapt = connection.ops.adapt_datetimefield_value
    statement = _COMPUTE.format(
        greatest="MAX" if connection.vendor == "sqlite" else "GREATEST",
        **{name: model._meta.db_table for name, model in _MODELS.items()},
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "since": adapt(at - timedelta(days=SALES_DAYS)),
                "at": adapt(at),
                "days": SALES_DAYS,
                "review": REVIEW_DAYS,
                "lead": LEAD_DAYS_UNKNOWN,
                "most": MOST,
            },
        )
    ReplenishmentSuggestion.objects.exclude(computed_at=at).delete()
    return ReplenishmentSuggestion.objects.count()
