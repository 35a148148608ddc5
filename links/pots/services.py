"""Writes of contributions and of what leaves pots. Amounts are `Money` of the list's currency.

Every function here wants its list locked by the caller (`LockRank.GIFT_LIST`): the rows of a list's pots change under
that lock alone. Contributions are lots, first in, first out: what is used first was given first, what comes back goes
to who gave last.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from funds.contracts import PotRefund
from funds.facade import (
    KeyReusedError,
    contribute_to_pots,
    contribute_to_wallet,
    lock_pots,
    pay_from_pots,
    pay_into_pots,
    refund_contributions,
    return_to_contributors,
)
from links.events import ContributionReturned
from marketplace.core.clock import db_now
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish_all

from .models import Contribution, PotUse
from .selectors import in_pots

Returned = list[tuple[Contribution, Money]]


@dataclass(frozen=True, slots=True)
class Giving:
    """A contribution as its giver words it. `key` is the giver's own, once for each contribution."""

    contributor_id: UUID
    key: str
    message: str = ""
    is_anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where a contribution goes: a list's pot, a gift's pot of that list, or its owner's wallet."""

    gift_list_id: UUID
    gift_id: UUID | None = None
    beneficiary_id: UUID | None = None

    def fits(self, row: Contribution) -> bool:
        """Whether the row, which may be the rest of one towards a gift, went there."""
        if row.is_rest:
            return self.gift_id is not None and row.gift_list_id == self.gift_list_id
        if self.beneficiary_id is not None:
            return row.beneficiary_id == self.beneficiary_id
        return (row.gift_id or row.gift_list_id) == (self.gift_id or self.gift_list_id)


@dataclass(frozen=True, slots=True)
class Ends:
    """Pots of a list that take nothing any more, and where money goes that was in them or comes back."""

    gift_list_id: UUID
    owner_id: UUID
    pots: frozenset[UUID]
    is_refunded: bool


def given_before(*, giving: Giving, target: Target, amount: Money) -> list[Contribution]:
    """What was given under this key before; nothing, if it is new. Raises `KeyReusedError` for another contribution."""
    rows = list(Contribution.objects.filter(contributor=giving.contributor_id, key=giving.key).order_by("is_rest"))
    total = Money(sum(row.amount_minor for row in rows), amount.currency)
    if rows and (total != amount or not all(target.fits(row) and row.currency == amount.currency for row in rows)):
        raise KeyReusedError
    return rows


@transaction.atomic
def give(*, giving: Giving, target: Target, amount: Money, rest: Money | None = None) -> list[Contribution]:
    """Move the amount from the giver's wallet to where it goes, and `rest` beside it into the list's pot.

    One journal. Of a gift that is paid for, `amount` may be zero. Raises `InsufficientFundsError`, `KeyReusedError`.
    """
    rows = []
    if amount:
        to_list = None if target.gift_id or target.beneficiary_id else target.gift_list_id
        rows.append(
            _row(giving, amount, gift_id=target.gift_id, beneficiary_id=target.beneficiary_id, gift_list_id=to_list)
        )
    if rest:
        rows.append(_row(giving, rest, gift_list_id=target.gift_list_id, is_rest=True))
    key = f"{giving.contributor_id}:{giving.key}"
    if target.beneficiary_id is not None:
        journal_id = contribute_to_wallet(
            contributor_id=giving.contributor_id, beneficiary_id=target.beneficiary_id, amount=amount, key=key
        )
    else:
        journal_id = contribute_to_pots(
            contributor_id=giving.contributor_id, amounts={row.pot_id: row.amount for row in rows}, key=key
        )
    for row in rows:
        row.journal_id = journal_id
    return Contribution.objects.bulk_create(rows)


@transaction.atomic
def use_pots(*, gift_id: UUID, gift_list_id: UUID, owner_id: UUID, amount: Money, key: str) -> Money:
    """Move up to `amount` from the gift's pot, then from its list's, into the owner's wallet, once per key; how much.

    Oldest contributions first within each pot. A key under which nothing was there to take is not used up. Raises
    `KeyReusedError` for another gift's key.
    """
    before = PotUse.objects.filter(key=key).first()
    if before is not None:
        if before.gift_id != gift_id:
            raise KeyReusedError
        return Money(before.amount_minor, before.currency)
    taken = _take(_lots([gift_id, gift_list_id]), amount)
    total = sum((share for _row, share in taken), Money.zero(amount.currency))
    if not total:
        return total
    for row, share in taken:
        row.used_minor += share.minor
    _save([row for row, _share in taken])
    PotUse.objects.create(
        gift_id=gift_id,
        key=key,
        currency=amount.currency,
        amount_minor=total.minor,
        shares={str(row.pk): share.minor for row, share in taken},
    )
    pay_from_pots(amounts=_by_pot(taken), to_customer=owner_id, key=key)
    return total


@transaction.atomic
def give_back_use(*, use: PotUse, in_all: Money | None, ends: Ends) -> Money:
    """Undo a use until `in_all` of it (None: all of it) is back; how much came back by this call.

    The newest share first. It goes from the owner's wallet into the same pots; of a pot that has ended, to who gave or
    nowhere, as the owner had chosen. Harmless twice. Raises `InsufficientFundsError` when the owner has spent it.
    """
    wanted = use.amount_minor if in_all is None else min(in_all.minor, use.amount_minor)
    if wanted <= use.returned_minor:
        return Money.zero(use.currency)
    back = _shares_between(use, use.returned_minor, wanted)
    key = f"{use.key}:{use.returned_minor}"
    open_ones = [each for each in back if each[0].pot_id not in ends.pots]
    ended = [each for each in back if each[0].pot_id in ends.pots]
    _lock_accounts(back, ends.owner_id)
    for row, share in back:
        row.used_minor -= share.minor
    if open_ones:
        pay_into_pots(amounts=_by_pot(open_ones), from_customer=ends.owner_id, key=key)
    if ended:
        _pass_on(ended, ends, key)
    _save([row for row, _share in back])
    total = Money(wanted - use.returned_minor, use.currency)
    use.returned_minor = wanted
    use.save(update_fields=["returned_minor", "updated_at"])
    return total


def lock_accounts_of_use(*, use: PotUse, owner_id: UUID) -> None:
    """Lock the ledger's accounts that giving the use back may touch, for whoever touches the wallet before."""
    _lock_accounts(_shares_between(use, 0, use.amount_minor), owner_id)


@transaction.atomic
def end_pots(*, ends: Ends, key: str, currency: str) -> Money:
    """Empty the pots that end: back to who gave (a journal each), or into the owner's wallet (one); how much was left.

    Publishes `ContributionReturned` for each that got something back.
    """
    left = [(row, row.left) for row in _lots(ends.pots)]
    if left and ends.is_refunded:
        refund_contributions(
            refunds=[PotRefund(row.pot_id, row.contributor_id, rest, str(row.pk)) for row, rest in left]
        )
        _note_refunds(left, ends)
    elif left:
        pay_from_pots(amounts=_by_pot(left), to_customer=ends.owner_id, key=key)
        for row, rest in left:
            row.moved_minor += rest.minor
    _save([row for row, _rest in left])
    return sum((rest for _row, rest in left), Money.zero(currency))


@transaction.atomic
def forget_words(customer_id: UUID) -> None:
    """Erasure: the messages of this person, and those to them."""
    about = Q(contributor=customer_id) | Q(beneficiary=customer_id)
    mine = about | Q(gift_list__owner=customer_id) | Q(gift__gift_list__owner=customer_id)
    Contribution.objects.filter(mine).exclude(message="").update(message="", updated_at=db_now())


def _row(giving: Giving, amount: Money, **where: Any) -> Contribution:
    return Contribution(
        contributor_id=giving.contributor_id,
        key=giving.key,
        message=giving.message,
        is_anonymous=giving.is_anonymous,
        currency=amount.currency,
        amount_minor=amount.minor,
        **where,
    )


def _lots(pots: Collection[UUID]) -> list[Contribution]:
    """What is left in the pots, in the order of the pots as they are given, oldest first within each."""
    places = {pot: place for place, pot in enumerate(pots)}
    rows = in_pots().filter(Q(gift__in=places) | Q(gift_list__in=places)).order_by("created_at", "pk")
    return sorted(rows, key=lambda row: places[row.pot_id])


def _take(lots: Sequence[Contribution], amount: Money) -> Returned:
    taken, missing = [], amount
    for row in lots:
        share = min(row.left, missing)
        if share.minor <= 0:
            break
        taken.append((row, share))
        missing -= share
    return taken


def _shares_between(use: PotUse, returned: int, wanted: int) -> Returned:
    """The shares of a use that lie between what came back before and what is to be back, newest first."""
    rows = Contribution.objects.filter(pk__in=list(use.shares)).order_by("created_at", "pk")
    # As they were taken: the gift's own pot, then the list's.
    newest_first = sorted(rows, key=lambda row: row.gift_id is None)[::-1]
    found, passed = [], 0
    for row in newest_first:
        share = int(use.shares[str(row.pk)])
        start, end = max(passed, returned), min(passed + share, wanted)
        if end > start:
            found.append((row, Money(end - start, use.currency)))
        passed += share
    return found


def _lock_accounts(rows: Returned, owner_id: UUID) -> None:
    lock_pots(
        pots={row.pot_id for row, _share in rows},
        customers={owner_id, *(row.contributor_id for row, _share in rows)},
    )


def _by_pot(rows: Returned) -> dict[UUID, Money]:
    amounts: dict[UUID, Money] = {}
    for row, share in rows:
        amounts[row.pot_id] = amounts.get(row.pot_id, Money.zero(share.currency)) + share
    return amounts


def _pass_on(rows: Returned, ends: Ends, key: str) -> None:
    """What came back to pots that have ended, and is in the owner's wallet now."""
    if not ends.is_refunded:
        for row, share in rows:
            row.moved_minor += share.minor
        return
    amounts: dict[UUID, Money] = {}
    for row, share in rows:
        # What the owner gave is where it belongs.
        if row.contributor_id != ends.owner_id:
            amounts[row.contributor_id] = amounts.get(row.contributor_id, Money.zero(share.currency)) + share
    if amounts:
        return_to_contributors(from_customer=ends.owner_id, amounts=amounts, key=key)
    _note_refunds(rows, ends)


def _note_refunds(rows: Returned, ends: Ends) -> None:
    for row, share in rows:
        row.refunded_minor += share.minor
    publish_all(
        ContributionReturned(
            contribution_id=row.pk,
            contributor_id=row.contributor_id,
            gift_list_id=ends.gift_list_id,
            amount=share,
        )
        for row, share in rows
    )


def _save(rows: Sequence[Contribution]) -> None:
    Contribution.objects.bulk_update(rows, ["used_minor", "refunded_minor", "moved_minor"])
