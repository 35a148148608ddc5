"""Which wallets fell below their owner's threshold since somebody last looked, or rose above it: one statement."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from marketplace.core.clock import now_sql
from marketplace.core.money import Money

from .models import WalletSettings


@dataclass(frozen=True, slots=True)
class LowFlag:
    """A wallet whose flag was turned, and what it has."""

    customer_id: UUID
    is_low: bool
    available: Money
    threshold: Money


# What lapsed holds keep is available again, whether or not somebody has tidied up.
_AVAILABLE: Final = """
(SELECT a.posted - a.held + COALESCE((
   SELECT SUM(h.amount - h.captured) FROM funds_hold h
    WHERE h.payer_id = a.id AND h.state = 'active' AND h.expires_at <= {now}), 0)
   FROM funds_account a
  WHERE a.owner_kind = 'customer' AND a.owner_id = {settings}.customer_id AND a.kind = 'wallet'
    AND a.currency = {settings}.currency)
"""
_TURN: Final = """
UPDATE {settings} SET is_low = NOT is_low
 WHERE low_balance_minor IS NOT NULL AND is_low <> ({available} < low_balance_minor)
RETURNING customer_id, currency, is_low, low_balance_minor, {available}
"""


def turn_low_flags() -> list[LowFlag]:
    """Turn every flag that is no longer true; a wallet that was never opened has none."""
    table = WalletSettings._meta.db_table
    available = _AVAILABLE.format(now=now_sql(connection), settings=table)
    with connection.cursor() as cursor:
        cursor.execute(_TURN.format(settings=table, available=available), [])
        return [_flag(row) for row in cursor.fetchall()]


def _flag(row: tuple[Any, ...]) -> LowFlag:
    customer_id, currency, is_low, threshold, available = row
    return LowFlag(
        customer_id=customer_id if isinstance(customer_id, UUID) else UUID(customer_id),
        is_low=bool(is_low),
        available=Money(int(available), currency),
        threshold=Money(int(threshold), currency),
    )
