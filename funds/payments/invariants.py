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
        "outgoing_money_is_held",
        "a payout or refund on its way has its hold, a settled one captured it, any other freed it",
        """
SELECT o.id, o.state, h.state FROM (
    SELECT id, state, hold_id, amount_minor FROM funds_payout
    UNION ALL
    SELECT id, state, hold_id, amount_minor FROM funds_refund
  ) AS o LEFT JOIN funds_hold h ON h.id = o.hold_id
 WHERE h.id IS NULL
    OR (o.state IN ('requested', 'accepted') AND (h.state <> 'active' OR h.amount <> o.amount_minor))
    OR (o.state = 'settled' AND (h.state <> 'captured' OR h.captured <> o.amount_minor))
    OR (o.state IN ('failed', 'cancelled') AND h.state <> 'released')
""",
        is_fast=True,
    ),
    Invariant(
        "payment_events_have_their_journal",
        "each thing that moved money at a provider has one journal of the same amount and currency",
        """
SELECT e.id, e.kind, e.amount_minor, x.amount FROM funds_paymentevent e
  JOIN funds_providerpayment p ON p.id = e.payment_id
  LEFT JOIN (
    SELECT journal_id, SUM(amount) AS amount, MIN(currency) AS least, MAX(currency) AS most FROM funds_posting
     WHERE journal_id IN (SELECT journal_id FROM funds_paymentevent) GROUP BY journal_id
  ) x ON x.journal_id = e.journal_id
 WHERE e.kind <> 'disputed'
   AND (x.amount IS NULL OR x.amount <> e.amount_minor OR x.least <> p.currency OR x.most <> p.currency)
""",
    ),
    Invariant(
        "approved_payments_are_credited_once",
        "each approved provider payment has one approval in its event ledger, of its own amount",
        """
SELECT p.provider, p.payment_id, p.amount_minor, e.amount FROM funds_providerpayment p
  LEFT JOIN (
    SELECT payment_id, COUNT(*) AS times, SUM(amount_minor) AS amount FROM funds_paymentevent
     WHERE kind = 'approved' GROUP BY payment_id
  ) e ON e.payment_id = p.id
 WHERE (p.state IN ('approved', 'disputed', 'charged_back') OR e.times IS NOT NULL)
   AND (e.times IS NULL OR e.times <> 1 OR e.amount <> p.amount_minor)
""",
    ),
    Invariant(
        "provider_journals_come_from_events",
        "no journal about a provider's money is without the event that caused it",
        """
SELECT j.id, j.kind, j.idem_key FROM funds_journal j LEFT JOIN funds_paymentevent e ON e.journal_id = j.id
 WHERE j.kind IN ('deposit', 'provider_fee', 'deposit_refund', 'charge_back') AND e.id IS NULL
""",
    ),
    Invariant(
        "clearing_is_what_providers_did",
        "clearing is payments in, less fees, refunds, charge-backs and settled payouts, in each currency",
        """
SELECT currency, SUM(amount) FROM (
  SELECT currency, posted AS amount FROM funds_account WHERE kind = 'clearing'
  UNION ALL
  SELECT a.currency, d.amount FROM funds_accountdelta d JOIN funds_account a ON a.id = d.account_id
   WHERE a.kind = 'clearing'
  UNION ALL
  SELECT p.currency,
         CASE WHEN e.kind IN ('approved', 'lifted') THEN e.amount_minor
              WHEN e.kind IN ('fee', 'refunded', 'charged_back') THEN -e.amount_minor ELSE 0 END
    FROM funds_paymentevent e JOIN funds_providerpayment p ON p.id = e.payment_id
  UNION ALL
  SELECT currency, -amount_minor FROM funds_payout WHERE state = 'settled'
) AS part GROUP BY currency HAVING SUM(amount) <> 0
""",
    ),
)
