"""What must always hold, as SQL that returns no row. Plain enough for both engines.

`fast` ones read accounts, deltas and active holds; the others read every posting.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Invariant:
    """A statement whose every row is a fault, and what it means in words."""

    name: str
    means: str
    sql: str
    is_fast: bool = False


LEDGER: Final = (
    Invariant(
        "books_sum_to_zero",
        "the balances of each currency sum to zero",
        """
SELECT currency, SUM(amount) FROM (
  SELECT currency, posted AS amount FROM funds_account
  UNION ALL
  SELECT a.currency, d.amount FROM funds_accountdelta d JOIN funds_account a ON a.id = d.account_id
) AS part GROUP BY currency HAVING SUM(amount) <> 0
""",
        is_fast=True,
    ),
    Invariant(
        "strict_accounts_keep_their_floor",
        "no strict account has less than it holds for others",
        "SELECT id, posted, held FROM funds_account WHERE is_strict AND (posted < held OR held < 0)",
        is_fast=True,
    ),
    Invariant(
        "held_is_the_sum_of_active_holds",
        "`held` is what active holds have left",
        """
SELECT a.id, a.held, h.rest FROM funds_account a
  LEFT JOIN (SELECT payer_id, SUM(amount - captured) AS rest FROM funds_hold WHERE state = 'active' GROUP BY payer_id) h
    ON h.payer_id = a.id
 WHERE (a.held <> 0 OR h.rest IS NOT NULL) AND a.held <> COALESCE(h.rest, 0)
""",
        is_fast=True,
    ),
    Invariant(
        "strict_accounts_have_no_deltas",
        "deltas belong to lazy accounts that exist",
        """
SELECT d.id FROM funds_accountdelta d LEFT JOIN funds_account a ON a.id = d.account_id
 WHERE a.id IS NULL OR a.is_strict
""",
        is_fast=True,
    ),
    Invariant(
        "balance_is_the_sum_of_postings",
        "`posted` and waiting deltas are the sum of the account's postings",
        """
SELECT a.id, a.posted, d.amount, p.amount FROM funds_account a
  LEFT JOIN (SELECT account_id, SUM(amount) AS amount FROM funds_accountdelta GROUP BY account_id) d
    ON d.account_id = a.id
  LEFT JOIN (
    SELECT account_id, SUM(amount) AS amount FROM (
      SELECT credit_id AS account_id, SUM(amount) AS amount FROM funds_posting GROUP BY credit_id
      UNION ALL
      SELECT debit_id, -SUM(amount) FROM funds_posting GROUP BY debit_id
    ) AS side GROUP BY account_id
  ) p ON p.account_id = a.id
 WHERE a.posted + COALESCE(d.amount, 0) <> COALESCE(p.amount, 0)
""",
    ),
    Invariant(
        "currencies_agree",
        "a posting, its accounts and its journal exist, and the currencies are the same",
        """
SELECT p.id FROM funds_posting p
  LEFT JOIN funds_account d ON d.id = p.debit_id
  LEFT JOIN funds_account c ON c.id = p.credit_id
  LEFT JOIN funds_journal j ON j.id = p.journal_id
 WHERE d.id IS NULL OR c.id IS NULL OR j.id IS NULL OR d.currency <> p.currency OR c.currency <> p.currency
""",
    ),
    Invariant(
        "journals_are_not_empty",
        "every journal has a posting",
        """
SELECT j.id FROM funds_journal j LEFT JOIN funds_posting p ON p.journal_id = j.id WHERE p.id IS NULL
""",
    ),
    Invariant(
        "totals_follow_journals",
        "`deposited` and `spent` are what the journals that count as such say",
        """
SELECT a.id, a.deposited, t.deposited, a.spent, t.spent FROM funds_account a
  LEFT JOIN (
    SELECT account_id, SUM(deposited) AS deposited, SUM(spent) AS spent FROM (
      SELECT p.credit_id AS account_id,
             CASE WHEN j.tally = 'deposited' THEN p.amount ELSE 0 END AS deposited,
             CASE WHEN j.tally = 'spent_back' THEN -p.amount ELSE 0 END AS spent
        FROM funds_posting p JOIN funds_journal j ON j.id = p.journal_id
       WHERE j.tally IN ('deposited', 'spent_back')
      UNION ALL
      SELECT p.debit_id,
             CASE WHEN j.tally = 'deposit_back' THEN -p.amount ELSE 0 END,
             CASE WHEN j.tally = 'spent' THEN p.amount ELSE 0 END
        FROM funds_posting p JOIN funds_journal j ON j.id = p.journal_id
       WHERE j.tally IN ('deposit_back', 'spent')
    ) AS side GROUP BY account_id
  ) t ON t.account_id = a.id
 WHERE a.is_strict AND (a.deposited <> COALESCE(t.deposited, 0) OR a.spent <> COALESCE(t.spent, 0))
""",
    ),
    Invariant(
        "running_balance_is_unbroken",
        "the balance after a strict account's last posting is its `posted`",
        """
SELECT a.id, a.posted FROM funds_account a
  LEFT JOIN (
    SELECT account_id, MAX(id) AS id FROM (
      SELECT debit_id AS account_id, MAX(id) AS id FROM funds_posting GROUP BY debit_id
      UNION ALL
      SELECT credit_id, MAX(id) FROM funds_posting GROUP BY credit_id
    ) AS side GROUP BY account_id
  ) latest ON latest.account_id = a.id
  LEFT JOIN funds_posting p ON p.id = latest.id
 WHERE a.is_strict
   AND a.posted <> COALESCE(CASE WHEN p.debit_id = a.id THEN p.debit_after ELSE p.credit_after END, 0)
""",
    ),
    Invariant(
        "captures_match_holds",
        "what was captured of a hold is what its journals moved",
        """
SELECT h.id, h.captured FROM funds_hold h
  LEFT JOIN (
    SELECT j.hold_id, SUM(p.amount) AS moved FROM funds_journal j JOIN funds_posting p ON p.journal_id = j.id
     WHERE j.hold_id IS NOT NULL GROUP BY j.hold_id
  ) c ON c.hold_id = h.id
 WHERE h.captured <> COALESCE(c.moved, 0)
""",
    ),
    Invariant(
        "refunds_match_holds",
        "what was refunded of a hold is what reversals of its captures, and refunds of the order it paid, moved back",
        """
SELECT h.id, h.refunded FROM funds_hold h
  LEFT JOIN (
    SELECT hold_id, SUM(amount) AS moved FROM (
      SELECT c.hold_id, p.amount FROM funds_journal c
        JOIN funds_journal r ON r.reverses_id = c.id JOIN funds_posting p ON p.journal_id = r.id
       WHERE c.hold_id IS NOT NULL
      UNION ALL
      SELECT hold_id, refunded_minor FROM funds_ordermoney WHERE hold_id IS NOT NULL
    ) AS part GROUP BY hold_id
  ) b ON b.hold_id = h.id
 WHERE h.refunded <> COALESCE(b.moved, 0)
""",
    ),
)
