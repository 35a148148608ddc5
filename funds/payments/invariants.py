"""What must always hold between what providers did and what the books say."""

from typing import Final

from funds.ledger.invariants import Invariant

PAYMENTS: Final = (
    Invariant(
        "no_task_sending_past_its_lease",
        "no payment task has been with a dead worker for more than a minute",
        # The sweeper takes such tasks over within seconds; the entry point passes the moment.
        "SELECT id, lease_until FROM funds_paymenttask WHERE state = 'sending' AND lease_until < %(overdue)s",
        is_fast=True,
    ),
    Invariant(
        "approved_payments_are_credited_once",
        "each approved provider payment has its journal of the same amount",
        """
SELECT p.provider, p.payment_id, p.amount_minor, x.amount FROM funds_providerpayment p
  LEFT JOIN funds_journal j ON j.scope = 'provider:' || p.provider AND j.idem_key = p.payment_id
  LEFT JOIN funds_posting x ON x.journal_id = j.id
 WHERE p.state = 'approved' AND (x.id IS NULL OR x.amount <> p.amount_minor OR x.currency <> p.currency)
""",
    ),
    Invariant(
        "deposits_come_from_approved_payments",
        "no deposit was credited without an approved provider payment",
        """
SELECT j.id, j.scope, j.idem_key FROM funds_journal j
  LEFT JOIN funds_providerpayment p ON j.scope = 'provider:' || p.provider AND j.idem_key = p.payment_id
 WHERE j.kind = 'deposit' AND (p.id IS NULL OR p.state <> 'approved')
""",
    ),
)
