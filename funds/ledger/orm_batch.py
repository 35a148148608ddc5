"""Many journals at once in Django's ORM: the portable half of `post_transfers`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core.clock import read_db_now
from marketplace.core.locking import LockRank, lock

from .errors import KeyReusedError, UnknownAccountError
from .models import Account, AccountDelta, Journal, Posting
from .orm_accounts import require, tally_changes
from .terms import AccountKey, Posted, Transfer, total_debits

CHUNK = 500
"""Rows and keys a statement: SQLite counts parameters."""

Found = dict[tuple[str, str], tuple[int, str]]


@dataclass(frozen=True, slots=True)
class _Side:
    """A leg with its accounts looked up."""

    debit: Account
    credit: Account
    amount: int
    currency: str


@transaction.atomic
def post_many(transfers: Sequence[Transfer]) -> list[Posted]:
    """Post journals of different keys, all or nothing; what was posted for each, in order."""
    accounts = _lock_accounts(transfers)
    sides = [_sides_of(transfer, accounts) for transfer in transfers]
    while True:
        found = _posted_before(transfers)
        new = [number for number, transfer in enumerate(transfers) if (transfer.scope, transfer.key) not in found]
        _expect_money([side for number in new for side in sides[number]])
        journals = _insert([transfers[number] for number in new])
        if journals is not None:
            break
    _write([(journal, sides[number]) for number, journal in zip(new, journals, strict=True)])
    written = {number: journal.pk for number, journal in zip(new, journals, strict=True)}
    return [
        Posted(written[number], is_replay=False)
        if number in written
        else Posted(found[transfer.scope, transfer.key][0], is_replay=True)
        for number, transfer in enumerate(transfers)
    ]


def _lock_accounts(transfers: Sequence[Transfer]) -> dict[AccountKey | int, Account]:
    refs = {ref for transfer in transfers for leg in transfer.legs for ref in (leg.debit, leg.credit)}
    numbers = _open_accounts([ref for ref in refs if isinstance(ref, AccountKey)])
    wanted = {*numbers.values(), *(ref for ref in refs if isinstance(ref, int))}
    # Strict ones first and in one statement: their order is the house's lock order.
    rows = lock(LockRank.ACCOUNT, Account.objects.filter(pk__in=wanted, is_strict=True))
    rows += Account.objects.filter(pk__in=wanted, is_strict=False)
    by_number = {account.pk: account for account in rows}
    if len(by_number) < len(wanted):
        raise UnknownAccountError
    return {ref: by_number[numbers[ref] if isinstance(ref, AccountKey) else ref] for ref in refs}


def _open_accounts(keys: Iterable[AccountKey]) -> dict[AccountKey, int]:
    wanted = sorted(keys, key=lambda key: (key.owner_kind, str(key.owner_id), key.kind, key.currency))
    found: dict[tuple[str, UUID, str, str], int] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        Account.objects.bulk_create(
            [
                Account(
                    owner_kind=key.owner_kind,
                    owner_id=key.owner_id,
                    kind=key.kind,
                    currency=key.currency,
                    is_strict=key.is_strict,
                )
                for key in chunk
            ],
            ignore_conflicts=True,
        )
        for account in Account.objects.filter(owner_id__in={key.owner_id for key in chunk}):
            found[account.owner_kind, account.owner_id, account.kind, account.currency] = account.pk
    return {key: found[key.owner_kind, key.owner_id, key.kind, key.currency] for key in wanted}


def _sides_of(transfer: Transfer, accounts: dict[AccountKey | int, Account]) -> list[_Side]:
    sides = [
        _Side(accounts[leg.debit], accounts[leg.credit], leg.amount.minor, leg.amount.currency) for leg in transfer.legs
    ]
    if any({side.debit.currency, side.credit.currency} != {side.currency} for side in sides):
        raise UnknownAccountError
    return sides


def _posted_before(transfers: Sequence[Transfer]) -> Found:
    """The numbers of those that were posted already. Raises `KeyReusedError` for other content."""
    found: Found = {}
    for scope in {transfer.scope for transfer in transfers}:
        keys = [transfer.key for transfer in transfers if transfer.scope == scope]
        for start in range(0, len(keys), CHUNK):
            rows = Journal.objects.filter(scope=scope, idem_key__in=keys[start : start + CHUNK])
            found.update(
                {(scope, key): (pk, text) for key, pk, text in rows.values_list("idem_key", "pk", "fingerprint")}
            )
    for transfer in transfers:
        before = found.get((transfer.scope, transfer.key))
        if before is not None and before[1] != transfer.fingerprint:
            raise KeyReusedError
    return found


def _expect_money(sides: Sequence[_Side]) -> None:
    debited = {side.debit.pk: side.debit for side in sides}
    for number, needed in sorted(total_debits([(side.debit.pk, side.amount) for side in sides]).items()):
        require(debited[number], needed)


def _insert(transfers: Sequence[Transfer]) -> list[Journal] | None:
    """The new journals, or None when somebody posted one of the keys between our look and our insert."""
    moment = read_db_now()
    journals = [
        Journal(
            scope=transfer.scope,
            idem_key=transfer.key,
            fingerprint=transfer.fingerprint,
            kind=transfer.kind,
            tally=transfer.tally,
            source=transfer.source,
            reverses_id=transfer.reverses,
            event_at=transfer.at or moment,
        )
        for transfer in transfers
    ]
    try:
        with transaction.atomic():
            return Journal.objects.bulk_create(journals, batch_size=CHUNK)
    except IntegrityError:
        if len(_posted_before(transfers)) == 0:
            raise
        return None


def _write(journals: Sequence[tuple[Journal, Sequence[_Side]]]) -> None:
    postings: list[Posting] = []
    strict: dict[int, Account] = {}
    deltas: dict[int, int] = {}

    def move(account: Account, change: int, tally: str) -> int | None:
        if not account.is_strict:
            deltas[account.pk] = deltas.get(account.pk, 0) + change
            return None
        deposited, spent = tally_changes(tally, change)
        account.posted += change
        account.deposited += deposited
        account.spent += spent
        strict[account.pk] = account
        return account.posted

    for journal, sides in journals:
        postings += [
            Posting(
                journal=journal,
                debit=side.debit,
                credit=side.credit,
                currency=side.currency,
                amount=side.amount,
                debit_after=move(side.debit, -side.amount, journal.tally),
                credit_after=move(side.credit, side.amount, journal.tally),
            )
            for side in sides
        ]
    Posting.objects.bulk_create(postings, batch_size=CHUNK)
    # Their rows are locked, so what was read is what they have.
    Account.objects.bulk_update(list(strict.values()), ["posted", "deposited", "spent"], batch_size=200)
    AccountDelta.objects.bulk_create(
        [AccountDelta(account_id=number, amount=change) for number, change in sorted(deltas.items()) if change],
        batch_size=CHUNK,
    )
