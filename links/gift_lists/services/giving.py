"""Contributions: towards a list, towards one of its gifts, or to a person."""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from links.events import ContributionMade
from links.gift_lists.models import Gift, GiftList
from links.gift_lists.selectors import gifts, price_of
from links.pots.errors import GiftFundedError
from links.pots.models import Contribution
from links.pots.selectors import put_together
from links.pots.services import Giving, Target, give, given_before
from marketplace.core.errors import InvalidInputError, gettext_noop
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish_all

from .locking import expect_open, expect_wanted, lock_gift, lock_list

ONESELF: Final = gettext_noop("Money cannot be given to oneself.")


@transaction.atomic
def give_towards_list(*, giving: Giving, gift_list_id: UUID, amount: Money) -> list[Contribution]:
    """Give into the list's pot, at once and once per key.

    Raises `GiftListClosedError`, `CurrencyMismatchError`, `InsufficientFundsError`, `KeyReusedError`, `NotFoundError`.
    """
    gift_list, target = lock_list(gift_list_id), Target(gift_list_id)
    before = given_before(giving=giving, target=target, amount=amount)
    if before:
        return before
    expect_open(gift_list)
    _expect_currency(gift_list, amount)
    return _told(give(giving=giving, target=target, amount=amount), gift_list)


@transaction.atomic
def give_towards_gift(*, giving: Giving, gift_id: UUID, amount: Money) -> list[Contribution]:
    """Give into the gift's pot, at once and once per key; what it does not need, as the list has chosen.

    A gift with a price in the list's currency takes that and AUTOBUY_MARGIN_PERCENT on top. Beyond it: refused, or the
    rest is a second contribution, to the list. One without a price takes anything. A claim makes no difference: whoever
    keeps the list would learn of it. Raises `GiftFundedError` with what is `left`, `GiftNotWantedError`, and as
    `give_towards_list`.
    """
    gift = lock_gift(gift_id)
    gift_list = gift.gift_list
    target = Target(gift_list.pk, gift_id=gift_id)
    before = given_before(giving=giving, target=target, amount=amount)
    if before:
        return before
    expect_wanted(gift)
    _expect_currency(gift_list, amount)
    left = _left_to_give(gift)
    rest = Money.zero(amount.currency) if left is None or amount <= left else amount - left
    if left is not None and rest and gift_list.overfunding == GiftList.Overfunding.REFUSE:
        raise GiftFundedError(left=f"{left.decimal:f}", currency=left.currency)
    return _told(give(giving=giving, target=target, amount=amount - rest, rest=rest), gift_list)


@transaction.atomic
def give_to_person(*, giving: Giving, gift_list_id: UUID, amount: Money) -> list[Contribution]:
    """Give to the owner of the list by which the giver knows them: into the wallet, where it is theirs at once.

    Raises as `give_towards_list`; the amount may be of any currency.
    """
    gift_list = lock_list(gift_list_id)
    target = Target(gift_list_id, beneficiary_id=gift_list.owner_id)
    before = given_before(giving=giving, target=target, amount=amount)
    if before:
        return before
    expect_open(gift_list)
    if gift_list.owner_id == giving.contributor_id:
        raise InvalidInputError.of("beneficiary", "invalid", ONESELF)
    return _told(give(giving=giving, target=target, amount=amount), gift_list)


def _expect_currency(gift_list: GiftList, amount: Money) -> None:
    _ = amount + Money.zero(gift_list.currency)


def _left_to_give(gift: Gift) -> Money | None:
    """What the gift still takes; None: anything."""
    price = price_of(gifts().get(pk=gift.pk))
    if price is None or price.currency != gift.gift_list.currency:
        return None
    margin = -(-price.minor * settings.AUTOBUY_MARGIN_PERCENT // 100)
    given = put_together(gift_ids=[gift.pk]).get(gift.pk, 0)
    return Money(max(0, price.minor + margin - given), price.currency)


def _told(rows: list[Contribution], gift_list: GiftList) -> list[Contribution]:
    publish_all(
        ContributionMade(
            contribution_id=row.pk,
            contributor_id=row.contributor_id,
            owner_id=gift_list.owner_id,
            gift_list_id=None if row.beneficiary_id else gift_list.pk,
            amount=row.amount,
        )
        for row in rows
    )
    return rows
