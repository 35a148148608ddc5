"""A list's lock, then its gift's: what is given, claimed, bought and closed passes here one after the other."""

from uuid import UUID

from links.contracts import WantedGift
from links.gift_lists.errors import GiftListClosedError, GiftNotWantedError
from links.gift_lists.models import Gift, GiftList
from links.gift_lists.selectors import LIVE
from links.gift_lists.wanted import wanted_gift
from links.pots.services import Ends
from marketplace.core.errors import NotFoundError, StaleError
from marketplace.core.locking import LockRank, lock


def lock_list(gift_list_id: UUID) -> GiftList:
    """The list as it is now, locked. Raises `NotFoundError`."""
    found = lock(LockRank.GIFT_LIST, GiftList.objects.filter(pk=gift_list_id))
    if not found:
        raise NotFoundError
    return found[0]


def lock_open_list(gift_list_id: UUID, expected_version: int | None = None) -> GiftList:
    """The same of an open one. Raises `StaleError` before anything else, `GiftListClosedError`, `NotFoundError`."""
    gift_list = lock_list(gift_list_id)
    if expected_version not in {None, gift_list.version}:
        raise StaleError
    expect_open(gift_list)
    return gift_list


def expect_open(gift_list: GiftList) -> None:
    """Raises `GiftListClosedError`."""
    if gift_list.state == GiftList.State.CLOSED:
        raise GiftListClosedError


def lock_gift(gift_id: UUID) -> Gift:
    """The gift's list, then the gift, locked; the list is `gift.gift_list`. Raises `NotFoundError`."""
    gift_list = _lock_list_of(gift_id)
    (gift,) = lock(LockRank.GIFT_LIST, Gift.objects.filter(pk=gift_id))
    gift.gift_list = gift_list
    return gift


def locked_gift(gift_id: UUID) -> WantedGift:
    """The gift as whoever buys it needs to know it, nobody else changing it until the transaction ends.

    Its list's lock, which every change of a gift takes first, and one more query; a third when its pots have money.
    Raises `NotFoundError`.
    """
    _lock_list_of(gift_id)
    return wanted_gift(gift_id)


def lock_wanted_gift(gift_id: UUID) -> Gift:
    """The same of one that is wanted. Raises as `expect_wanted`, `NotFoundError`."""
    gift = lock_gift(gift_id)
    expect_wanted(gift)
    return gift


def expect_wanted(gift: Gift) -> None:
    """Of a gift on an open list. Raises `GiftListClosedError`, `GiftNotWantedError`."""
    expect_open(gift.gift_list)
    if gift.state != Gift.State.WANTED:
        raise GiftNotWantedError(state=gift.state)


def ends_of(gift: Gift) -> Ends:
    """Which pots behind a locked gift take nothing any more: all of a closed list's, else an archived gift's."""
    pots: frozenset[UUID] = frozenset()
    if gift.gift_list.state == GiftList.State.CLOSED:
        pots = frozenset({gift.pk, gift.gift_list_id})
    elif gift.state not in LIVE:
        pots = frozenset({gift.pk})
    return ends(gift.gift_list, pots)


def ends(gift_list: GiftList, pots: frozenset[UUID]) -> Ends:
    """These pots of the list, and where their money goes: as the owner had chosen beforehand."""
    return Ends(gift_list.pk, gift_list.owner_id, pots, gift_list.on_close == GiftList.OnClose.REFUND)


def _lock_list_of(gift_id: UUID) -> GiftList:
    found = lock(LockRank.GIFT_LIST, GiftList.objects.filter(gifts=gift_id))
    if not found:
        raise NotFoundError
    return found[0]
