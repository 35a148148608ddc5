"""Every counter against the sum of its movements, in one statement. It reports and repairs nothing."""

from typing import Final

from django.db import connection, transaction

from marketplace.core.outbox.publishing import publish
from stores.events import StockDrifted

from .models import StockDrift, StockItem, StockMovement, StockReconciliation

BATCH: Final = 1_000

# One statement is one snapshot: a counter and its movements are written in one transaction, so a sale that commits
# meanwhile is seen whole or not at all.
_DRIFTS = """
SELECT i.id, i.on_hand, i.allocated, COALESCE(m.on_hand, 0), COALESCE(m.allocated, 0)
FROM {item} i LEFT JOIN (
  SELECT stock_item_id,
    SUM(CASE kind WHEN 'receive' THEN quantity WHEN 'adjust' THEN quantity WHEN 'sale' THEN -quantity ELSE 0 END)
      AS on_hand,
    SUM(CASE kind WHEN 'reserve' THEN quantity WHEN 'release' THEN -quantity WHEN 'sale' THEN -from_allocated
      ELSE 0 END) AS allocated
  FROM {movement} GROUP BY stock_item_id
) m ON m.stock_item_id = i.id
WHERE i.on_hand <> COALESCE(m.on_hand, 0) OR i.allocated <> COALESCE(m.allocated, 0)
ORDER BY i.id
"""


@transaction.atomic
def reconcile_stock() -> StockReconciliation:
    """Compare every stock item with its movements and write down what is adrift; publishes `StockDrifted` if any is."""
    statement = _DRIFTS.format(item=StockItem._meta.db_table, movement=StockMovement._meta.db_table)
    run = StockReconciliation.objects.create(items_count=StockItem.objects.count(), drift_count=0)
    with connection.cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(BATCH):
            run.drift_count += len(rows)
            StockDrift.objects.bulk_create(
                StockDrift(
                    reconciliation=run,
                    stock_item_id=item_id,
                    on_hand=on_hand,
                    allocated=allocated,
                    on_hand_moved=on_hand_moved,
                    allocated_moved=allocated_moved,
                )
                for item_id, on_hand, allocated, on_hand_moved, allocated_moved in rows
            )
    if run.drift_count:
        run.save(update_fields=["drift_count"])
        publish(StockDrifted(reconciliation_id=run.pk, drift_count=run.drift_count))
    return run
