"""Gifts: added, edited, moved, received, removed; and where they stand, for whoever buys them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max

from links.contracts import WantedGift
from links.events import GiftChanged
from links.gift_lists.errors import GiftNotWantedError, TooManyGiftsError
from links.gift_lists.models import Gift, GiftList
from links.gift_lists.selectors import LIVE, price_of
from links.pots.selectors import in_pots
from links.pots.services import end_pots
from links.product_links.models import ProductLink
from marketplace.core.clock import db_now
from marketplace.core.errors import ForbiddenError, InvalidInputError, NotFoundError, StaleError, gettext_noop
from marketplace.core.http.etags import compare_and_set
from marketplace.core.locking import LockRank, enter, note_locked
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from stores.facade import variant_card

from .locking import ends, expect_open, expect_wanted, lock_gift, lock_open_list

UNKNOWN = gettext_noop("There is no such thing that you could add.")


@transaction.atomic
def add_gift(
    *,
    gift_list_id: UUID,
    added_by_id: UUID,
    link_id: UUID | None = None,
    variant_id: UUID | None = None,
    position: int | None = None,
    values: dict[str, Any] | None = None,
) -> Gift:
    """Put one of one's own links, or something of the catalogue, on an open list: at the end, or at `position`.

    `values` are columns: priority, note, is_enabled; what is not said of a link's is the link's. To the owner the price
    counts as seen; what an editor adds asks the owner before it is bought. Raises `GiftListClosedError`,
    `TooManyGiftsError` beyond GIFTS_PER_LIST, `CurrencyMismatchError` for goods of the catalogue in another currency
    than the list's, `InvalidInputError` for what does not exist for the person.
    """
    gift_list = lock_open_list(gift_list_id)
    live, most = gift_list.gifts.filter(state__in=LIVE), settings.GIFTS_PER_LIST
    if live.count() >= most:
        raise TooManyGiftsError(most=most)
    columns: dict[str, Any] = {}
    if link_id is not None:
        link = _own_link(link_id, added_by_id)
        columns = {"link": link, "priority": link.priority, "is_enabled": link.is_enabled}
        seen = link.page.price
    else:
        seen = _price_on_shelf(variant_id, gift_list.currency)
        columns = {"variant_id": variant_id}
    gift = Gift.objects.create(
        gift_list=gift_list,
        added_by_id=added_by_id,
        position=(live.aggregate(last=Max("position"))["last"] or 0) + 1,
        **columns | (values or {}),
        **_seen(seen if added_by_id == gift_list.owner_id else None),
    )
    if position is not None:
        _move(gift, position)
    _tell(gift.pk, gift.gift_list_id, gift.gift_list.owner_id, gift.state)
    return gift


@transaction.atomic
def edit_gift(
    *,
    gift_id: UUID,
    expected_version: int | None,
    position: int | None = None,
    changes: dict[str, Any],
    is_owner: bool = True,
) -> Gift:
    """Change columns of a gift (priority, note, is_enabled), or move it to that place, 0 the first.

    Its price is seen by its owner, whose money buys it; an editor has not seen it for them.

    Raises `StaleError`, `GiftListClosedError`, `GiftNotWantedError` for one that was removed, `NotFoundError`.
    """
    gift = _locked(gift_id, expected_version)
    expect_open(gift.gift_list)
    before = (gift.priority, gift.is_enabled)
    seen = _seen(price_of(gift)) if is_owner else {}
    compare_and_set(gift, gift.version, **changes, **seen)
    if position is not None and gift.state in LIVE:
        _move(gift, position)
    if (gift.priority, gift.is_enabled) != before:
        _tell(gift.pk, gift.gift_list_id, gift.gift_list.owner_id, gift.state)
    return gift


@transaction.atomic
def receive_gift(*, gift_id: UUID, expected_version: int | None, at: datetime) -> Gift:
    """Put a gift into the archive: it is there. Harmless twice; works on a closed list too.

    What is left in its pot goes where the owner had chosen for the end. Raises `StaleError`, `GiftNotWantedError` for
    one that was removed, `NotFoundError`.
    """
    gift = _locked(gift_id, expected_version)
    if gift.state in LIVE:
        _end(gift, Gift.State.RECEIVED, received_at=at)
    return gift


@transaction.atomic
def remove_gift(*, gift_id: UUID, expected_version: int | None, is_owner: bool) -> None:
    """Take a gift off its list. What is left in its pot goes where the owner had chosen for the end.

    Raises `StaleError`, `GiftListClosedError`, `GiftNotWantedError` while it is ordered, `ForbiddenError` for an editor
    when there is money in its pot, `NotFoundError`.
    """
    gift = _locked(gift_id, expected_version)
    expect_open(gift.gift_list)
    if gift.state == Gift.State.ORDERED:
        raise GiftNotWantedError(state=gift.state)
    if not is_owner and in_pots().filter(gift=gift).exists():
        raise ForbiddenError
    _end(gift, Gift.State.REMOVED)


@transaction.atomic
def mark_gift_ordered(*, gift: WantedGift) -> None:
    """A purchase of it is under way; `gift` is from `locked_gift` in this transaction.

    Raises `GiftNotWantedError`, `GiftListClosedError`.
    """
    enter(LockRank.GIFT_LIST)
    wanted = Gift.objects.filter(pk=gift.gift_id, state=Gift.State.WANTED, gift_list__state=GiftList.State.OPEN)
    if not wanted.update(state=Gift.State.ORDERED, version=F("version") + 1, updated_at=db_now()):
        expect_wanted(lock_gift(gift.gift_id))
    note_locked(LockRank.GIFT_LIST, Gift, gift.gift_id)
    _tell(gift.gift_id, gift.gift_list_id, gift.owner_id, Gift.State.ORDERED)


@transaction.atomic
def mark_gift_wanted(*, gift_id: UUID) -> None:
    """Its purchase came to nothing. Nothing happens to one that is not ordered. Raises `NotFoundError`."""
    gift = lock_gift(gift_id)
    if gift.state == Gift.State.ORDERED:
        _set(gift, Gift.State.WANTED)


@transaction.atomic
def mark_gift_received(*, gift_id: UUID, at: datetime) -> None:
    """What was bought has arrived: as `receive_gift`. Nothing happens to one that is in the archive or removed."""
    gift = lock_gift(gift_id)
    if gift.state in LIVE:
        _end(gift, Gift.State.RECEIVED, received_at=at)


@transaction.atomic
def note_seen_price(*, gift_id: UUID, price: Money) -> None:
    """The person has seen that price: a jump is told from there. Raises `NotFoundError`."""
    if not Gift.objects.filter(pk=gift_id).update(**_seen(price), updated_at=db_now()):
        raise NotFoundError


def _locked(gift_id: UUID, expected_version: int | None) -> Gift:
    gift = lock_gift(gift_id)
    if expected_version not in {None, gift.version}:
        raise StaleError
    if gift.state == Gift.State.REMOVED:
        raise NotFoundError
    return gift


def _end(gift: Gift, state: str, **values: Any) -> None:
    end_pots(ends=ends(gift.gift_list, frozenset({gift.pk})), key=f"gift:{gift.pk}", currency=gift.gift_list.currency)
    _set(gift, state, **values)


def _set(gift: Gift, state: str, **values: Any) -> None:
    compare_and_set(gift, gift.version, state=state, **values)
    _tell(gift.pk, gift.gift_list_id, gift.gift_list.owner_id, gift.state)


def _tell(gift_id: UUID, gift_list_id: UUID, owner_id: UUID, state: str) -> None:
    publish(GiftChanged(gift_id=gift_id, gift_list_id=gift_list_id, owner_id=owner_id, state=state))


def _move(gift: Gift, position: int) -> None:
    """Put it at that place among the live ones; the others close up. Their versions stay: nobody edited them."""
    rows = list(gift.gift_list.gifts.filter(state__in=LIVE).order_by("position", "pk"))
    others = [row for row in rows if row.pk != gift.pk]
    others.insert(position, gift)
    for place, row in enumerate(others, start=1):
        row.position = place
    Gift.objects.bulk_update(others, ["position"])


def _own_link(link_id: UUID, customer_id: UUID) -> ProductLink:
    mine = ProductLink.objects.filter(customer=customer_id, archived_at__isnull=True)
    link = mine.select_related("page").filter(pk=link_id).first()
    if link is None:
        raise InvalidInputError.of("product_link", "does_not_exist", UNKNOWN)
    return link


def _price_on_shelf(variant_id: UUID | None, currency: str) -> Money:
    try:
        assert variant_id is not None
        card = variant_card(variant_id)
    except NotFoundError as error:
        raise InvalidInputError.of("variant", "does_not_exist", UNKNOWN) from error
    if not card.is_sellable:
        raise InvalidInputError.of("variant", "does_not_exist", UNKNOWN)
    _ = card.price + Money.zero(currency)  # raises `CurrencyMismatchError`
    return card.price


def _seen(price: Money | None) -> dict[str, Any]:
    if price is None:
        return {"seen_price_minor": None, "seen_currency": ""}
    return {"seen_price_minor": price.minor, "seen_currency": price.currency}
