"""What must always hold between orders' money and the books."""

from typing import Final

from funds.ledger.invariants import Invariant

ORDER_MONEY: Final = (
    Invariant(
        "orders_refunds_add_up",
        "what went back of an order is the sum of its parts' and of its refunds",
        """
SELECT o.order_id, o.refunded_minor, p.total, r.total FROM funds_ordermoney o
  LEFT JOIN (SELECT order_id, SUM(refunded_minor) AS total FROM funds_partmoney GROUP BY order_id) p
    ON p.order_id = o.order_id
  LEFT JOIN (SELECT order_id, SUM(amount_minor) AS total FROM funds_orderrefund GROUP BY order_id) r
    ON r.order_id = o.order_id
 WHERE o.refunded_minor <> COALESCE(p.total, 0) OR o.refunded_minor <> COALESCE(r.total, 0)
""",
    ),
    Invariant(
        "order_refunds_have_their_journal",
        "each refund of an order moved exactly its amount",
        """
SELECT r.id, r.amount_minor, x.total FROM funds_orderrefund r
  LEFT JOIN (SELECT journal_id, SUM(amount) AS total FROM funds_posting GROUP BY journal_id) x
    ON x.journal_id = r.journal_id
 WHERE r.amount_minor <> COALESCE(x.total, 0)
""",
    ),
    Invariant(
        "settled_parts_have_their_journal",
        "each settled part moved at least what its shares are now, and at most its total",
        """
SELECT p.id, p.total_minor, x.total FROM funds_partmoney p
  LEFT JOIN (SELECT journal_id, SUM(amount) AS total FROM funds_posting GROUP BY journal_id) x
    ON x.journal_id = p.journal_id
 WHERE p.settled_at IS NOT NULL AND (
       COALESCE(x.total, 0) < p.payable_minor + p.commission_minor + p.tax_minor
    OR COALESCE(x.total, 0) > p.total_minor)
""",
    ),
    Invariant(
        "orders_parts_fit_what_was_paid",
        "the parts of an order cost no more than was paid",
        """
SELECT o.order_id, o.paid_minor, SUM(p.total_minor) FROM funds_ordermoney o
  JOIN funds_partmoney p ON p.order_id = o.order_id
 GROUP BY o.order_id, o.paid_minor HAVING SUM(p.total_minor) > o.paid_minor
""",
    ),
)
