"""Many credits in one call, for imports and demo data."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from marketplace.core.money import Money

from .models import JournalKind
from .services import post_transfers
from .terms import AccountKey, Leg, Transfer


@dataclass(frozen=True, slots=True)
class BulkCredit:
    """A deposit-like journal for `post_credits`: one leg from a lazy account to any other."""

    scope: str
    key: str
    kind: JournalKind
    debit: AccountKey
    credit: AccountKey
    amount: Money
    source: str = ""


@transaction.atomic
def post_credits(*, rows: Iterable[BulkCredit], at: datetime | None = None) -> int:
    """Post a credit from a lazy account for each row by `post_transfers`; how many were new.

    Raises `KeyReusedError`, `ValueError` for a strict debit or an empty amount.
    """
    rows = list(rows)
    if any(row.debit.is_strict for row in rows):
        raise ValueError("only lazy accounts can be debited without a look at their balance")
    posted = post_transfers(
        transfers=[
            Transfer(row.scope, row.key, row.kind, (Leg(row.debit, row.credit, row.amount),), at=at, source=row.source)
            for row in rows
        ]
    )
    return sum(not each.is_replay for each in posted)
