"""The portable path: the same rules in Django's ORM. SQLite uses it; the contract suite also runs it on PostgreSQL."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from marketplace.core.clock import db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money

from .errors import (
    CaptureExceedsHoldError,
    HoldNotActiveError,
    KeyReusedError,
    UnknownAccountError,
    UnknownHoldError,
)
from .models import Account, AccountDelta, Hold, Journal, Posting
from .orm_accounts import account_id, require, tally_changes
from .orm_batch import post_many
from .terms import CaptureOrder, HoldOrder, Placed, Posted, Transfer, tally_of, total_debits

CAPTURE_SCOPE = "capture"
Accounts = dict[int, Account]


class OrmEngine:
    """Locks (or, on SQLite, has the one write transaction), checks, writes."""

    @transaction.atomic
    def post(self, transfer: Transfer) -> Posted:
        """Post a journal once per (scope, key)."""
        legs = [(account_id(leg.debit), account_id(leg.credit), leg.amount) for leg in transfer.legs]
        accounts = self._lock_accounts(number for leg in legs for number in leg[:2])
        for debit, credit, amount in legs:
            _expect_currency(accounts, (debit, credit), amount.currency)
        replay = _find_journal(transfer.scope, transfer.key, transfer.fingerprint)
        if replay is not None:
            return replay
        needs = total_debits([(debit, amount.minor) for debit, _credit, amount in legs])
        for number, needed in sorted(needs.items()):
            require(accounts[number], needed)
        journal = _insert_journal(
            Journal(
                scope=transfer.scope,
                idem_key=transfer.key,
                fingerprint=transfer.fingerprint,
                kind=transfer.kind,
                tally=transfer.tally,
                source=transfer.source,
                reverses_id=transfer.reverses,
                event_at=transfer.at or db_now(),
            )
        )
        if isinstance(journal, Journal):
            _write_postings(journal, accounts, legs)
            return Posted(journal.pk, is_replay=False)
        return journal

    def post_many(self, transfers: Sequence[Transfer]) -> list[Posted]:
        """Post journals of different keys, all or nothing."""
        return post_many(transfers)

    @transaction.atomic
    def place_hold(self, order: HoldOrder) -> Placed:
        """Set money aside."""
        payer_id, payee_id = account_id(order.payer), account_id(order.payee)
        accounts = self._lock_accounts([payer_id])
        accounts.update(Account.objects.in_bulk([payee_id]))
        _expect_currency(accounts, (payer_id, payee_id), order.amount.currency)
        payer = accounts[payer_id]
        if not payer.is_strict or payer_id == payee_id:
            raise UnknownAccountError
        before = Hold.objects.filter(scope=order.scope, idem_key=order.key).first()
        if before is not None:
            if before.fingerprint != order.fingerprint:
                raise KeyReusedError
            return Placed(before.pk, before.expires_at, is_replay=True)
        require(payer, order.amount.minor)
        try:
            with transaction.atomic():
                hold = Hold.objects.create(
                    id=order.hold_id,
                    scope=order.scope,
                    idem_key=order.key,
                    fingerprint=order.fingerprint,
                    payer=payer,
                    payee_id=payee_id,
                    currency=order.amount.currency,
                    amount=order.amount.minor,
                    source=order.source,
                    expires_at=db_now() + order.lasts,
                )
        except IntegrityError as error:
            raise KeyReusedError from error  # another payer's hold took the key while we waited
        Account.objects.filter(pk=payer_id).update(held=F("held") + order.amount.minor)
        hold.refresh_from_db(fields=["expires_at"])
        return Placed(hold.pk, hold.expires_at, is_replay=False)

    @transaction.atomic
    def capture_hold(self, order: CaptureOrder) -> Posted:
        """Pay a hold or part of it to its payee."""
        parties = Hold.objects.filter(pk=order.hold_id).values_list("payer_id", "payee_id").first()
        if parties is None:
            raise UnknownHoldError
        accounts = self._lock_accounts(parties)
        hold = Hold.objects.get(pk=order.hold_id)
        replay = _find_journal(CAPTURE_SCOPE, order.idem_key, order.fingerprint)
        if replay is not None:
            return replay
        left = hold.amount - hold.captured
        take = left if order.amount is None else order.amount.minor
        freed = left if order.is_final else take
        if hold.state == Hold.State.ACTIVE and take > left:
            raise CaptureExceedsHoldError(left=f"{Money(left, hold.currency).decimal:f}", currency=hold.currency)
        won = Hold.objects.filter(pk=hold.pk, state=Hold.State.ACTIVE, expires_at__gt=db_now()).update(
            captured=F("captured") + take,
            state=Hold.State.CAPTURED if freed == left else Hold.State.ACTIVE,
            updated_at=db_now(),
        )
        if not won:
            is_lapsed = hold.state == Hold.State.ACTIVE
            raise HoldNotActiveError(state=str(Hold.State.EXPIRED if is_lapsed else hold.state))
        journal = Journal.objects.create(
            scope=CAPTURE_SCOPE,
            idem_key=order.idem_key,
            fingerprint=order.fingerprint,
            kind=order.kind,
            tally=tally_of(order.kind),
            source=hold.source,
            hold=hold,
            event_at=order.at or db_now(),
        )
        Account.objects.filter(pk=hold.payer_id).update(held=F("held") - freed)
        _write_postings(journal, accounts, [(hold.payer_id, hold.payee_id, Money(take, hold.currency))])
        return Posted(journal.pk, is_replay=False)

    @transaction.atomic
    def hold_and_capture(self, order: HoldOrder, capture: CaptureOrder) -> tuple[Placed, Posted]:
        """Set money aside and pay all of it at once."""
        placed = self.place_hold(order)
        if placed.is_replay:
            raise KeyReusedError
        return placed, self.capture_hold(capture)

    @transaction.atomic
    def release_hold(self, hold_id: UUID) -> None:
        """Free what is left of a hold."""
        payer_id = Hold.objects.filter(pk=hold_id).values_list("payer_id", flat=True).first()
        if payer_id is None:
            raise UnknownHoldError
        self._lock_accounts([payer_id])
        hold = Hold.objects.get(pk=hold_id)
        won = Hold.objects.filter(pk=hold_id, state=Hold.State.ACTIVE).update(
            state=Hold.State.RELEASED, updated_at=db_now()
        )
        if won:
            Account.objects.filter(pk=payer_id).update(held=F("held") - (hold.amount - hold.captured))
        elif hold.state != Hold.State.RELEASED:
            raise HoldNotActiveError(state=hold.state)

    def _lock_accounts(self, numbers: Iterable[int]) -> Accounts:
        wanted = set(numbers)
        strict = lock(LockRank.ACCOUNT, Account.objects.filter(pk__in=wanted, is_strict=True))
        lazy = Account.objects.filter(pk__in=wanted, is_strict=False)
        return {account.pk: account for account in [*strict, *lazy]}


def _expect_currency(accounts: Accounts, numbers: Sequence[int], currency: str) -> None:
    for number in numbers:
        account = accounts.get(number)
        if account is None or account.currency != currency:
            raise UnknownAccountError


def _find_journal(scope: str, key: str, fingerprint: str) -> Posted | None:
    journal = Journal.objects.filter(scope=scope, idem_key=key).first()
    if journal is None:
        return None
    if journal.fingerprint != fingerprint:
        raise KeyReusedError
    return Posted(journal.pk, is_replay=True)


def _insert_journal(journal: Journal) -> Journal | Posted:
    try:
        with transaction.atomic():
            journal.save(force_insert=True)
    except IntegrityError:
        # Somebody posted the same key between our look and our insert.
        found = _find_journal(journal.scope, journal.idem_key, journal.fingerprint)
        if found is None:
            raise
        return found
    return journal


def _write_postings(journal: Journal, accounts: Accounts, legs: Sequence[tuple[int, int, Money]]) -> None:
    rows = [
        Posting(
            journal=journal,
            debit_id=debit,
            credit_id=credit,
            currency=amount.currency,
            amount=amount.minor,
            debit_after=_move(accounts[debit], -amount.minor, journal.tally),
            credit_after=_move(accounts[credit], amount.minor, journal.tally),
        )
        for debit, credit, amount in legs
    ]
    Posting.objects.bulk_create(rows)


def _move(account: Account, change: int, tally: str) -> int | None:
    if not account.is_strict:
        AccountDelta.objects.create(account=account, amount=change)
        return None
    deposited, spent = tally_changes(tally, change)
    Account.objects.filter(pk=account.pk).update(
        posted=F("posted") + change, deposited=F("deposited") + deposited, spent=F("spent") + spent
    )
    account.posted += change
    return account.posted
