"""Posting set-wise: many credits in a handful of statements, for imports and demo data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from marketplace.core.clock import read_db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money

from .errors import KeyReusedError
from .models import Account, AccountDelta, Journal, JournalKind, Posting
from .terms import AccountKey, Leg, Transfer, expect_legs, tally_of


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
    """Post many credits from lazy accounts set-wise (imports, demo data); how many were new.

    The same as a `post_transfer` each, in a handful of statements. A key that was posted before is passed over if its
    content is the same. Raises `KeyReusedError`, `ValueError` for a strict debit, an empty amount or a repeated key.
    """
    rows = list(rows)
    if any(row.debit.is_strict for row in rows):
        raise ValueError("only lazy accounts can be debited without a look at their balance")
    if len({(row.scope, row.key) for row in rows}) != len(rows):
        raise ValueError("a key appears twice")
    for row in rows:
        expect_legs([Leg(row.debit, row.credit, row.amount)])
    numbers = _open_accounts({ref for row in rows for ref in (row.debit, row.credit)})
    strict = {
        account.pk: account
        for account in lock(LockRank.ACCOUNT, Account.objects.filter(pk__in=numbers.values(), is_strict=True))
    }
    new = _without_posted(rows, at or read_db_now())
    Journal.objects.bulk_create([journal for _row, journal in new], batch_size=500)
    _write(new, numbers, strict)
    return len(new)


def _write(
    new: Sequence[tuple[BulkCredit, Journal]], numbers: dict[AccountKey, int], strict: dict[int, Account]
) -> None:
    postings: list[Posting] = []
    deltas: list[AccountDelta] = []
    for row, journal in new:
        debit, credit, amount = numbers[row.debit], numbers[row.credit], row.amount.minor
        deltas.append(AccountDelta(account_id=debit, amount=-amount))
        account = strict.get(credit)
        if account is None:
            deltas.append(AccountDelta(account_id=credit, amount=amount))
        else:
            account.posted += amount
            account.deposited += amount if row.kind == JournalKind.DEPOSIT else 0
        postings.append(
            Posting(
                journal=journal,
                debit_id=debit,
                credit_id=credit,
                currency=row.amount.currency,
                amount=amount,
                credit_after=account.posted if account else None,
            )
        )
    Posting.objects.bulk_create(postings, batch_size=500)
    AccountDelta.objects.bulk_create(deltas, batch_size=500)
    Account.objects.bulk_update(strict.values(), ["posted", "deposited"], batch_size=200)


def _without_posted(rows: Sequence[BulkCredit], at: datetime) -> list[tuple[BulkCredit, Journal]]:
    prints = {}
    for scope in {row.scope for row in rows}:
        keys = [row.key for row in rows if row.scope == scope]
        for start in range(0, len(keys), 500):
            found = Journal.objects.filter(scope=scope, idem_key__in=keys[start : start + 500])
            prints.update({(scope, key): text for key, text in found.values_list("idem_key", "fingerprint")})
    new = []
    for row in rows:
        leg = Leg(row.debit, row.credit, row.amount)
        transfer = Transfer(row.scope, row.key, row.kind, (leg,), at=at, source=row.source, tally=tally_of(row.kind))
        before = prints.get((row.scope, row.key))
        if before is None:
            new.append((row, _journal_of(transfer, at)))
        elif before != transfer.fingerprint:
            raise KeyReusedError
    return new


def _journal_of(transfer: Transfer, at: datetime) -> Journal:
    return Journal(
        scope=transfer.scope,
        idem_key=transfer.key,
        fingerprint=transfer.fingerprint,
        kind=transfer.kind,
        tally=transfer.tally,
        source=transfer.source,
        event_at=at,
    )


def _open_accounts(keys: Iterable[AccountKey]) -> dict[AccountKey, int]:
    wanted = sorted(keys, key=lambda key: (key.owner_kind, str(key.owner_id), key.kind, key.currency))
    Account.objects.bulk_create(
        [
            Account(
                owner_kind=key.owner_kind,
                owner_id=key.owner_id,
                kind=key.kind,
                currency=key.currency,
                is_strict=key.is_strict,
            )
            for key in wanted
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    owners = [key.owner_id for key in wanted]
    found: dict[tuple[str, UUID, str, str], int] = {}
    for start in range(0, len(owners), 500):
        for account in Account.objects.filter(owner_id__in=owners[start : start + 500]):
            found[(account.owner_kind, account.owner_id, account.kind, account.currency)] = account.pk
    return {key: found[(key.owner_kind, key.owner_id, key.kind, key.currency)] for key in wanted}
