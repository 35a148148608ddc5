"""Gifts for other contexts: as whoever buys them needs to know them, and for messages."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from funds.facade import pot_balances
from links.contracts import ContributionCard, GiftCard, WantedGift
from links.pots.selectors import contributions, in_pots
from marketplace.core.errors import NotFoundError
from marketplace.core.money import Money
from marketplace.core.names import short_name

from .models import Gift, GiftList
from .selectors import LIVE, gifts, is_claimed, title_of

_COLUMNS: Final = (
    *("pk", "gift_list_id", "gift_list__owner_id", "gift_list__currency", "gift_list__state"),
    *("gift_list__buys_itself", "priority", "created_at", "is_enabled", "state", "claimed"),
    *("seen_price_minor", "seen_currency", "variant_id", "variant__product__name"),
    *("variant__price_minor", "variant__currency", "link__page_id", "link__url", "link__page__title"),
    *("link__page__canonical_url", "link__page__price_minor", "link__page__currency", "link__page__availability"),
    *("link__page__may_be_bought", "link__page__reason", "link__page__read_at", "added_by_id"),
)
"""Values, not objects: an engine reads hundreds of thousands of gifts in one go."""


def wanted_gifts(*, list_ids: Collection[UUID] = (), gift_ids: Collection[UUID] = ()) -> list[WantedGift]:
    """The gifts of these lists, and these gifts, in whatever state (the flags say); one query. `with_pots` adds money.

    By list, then as they stand on it. Of something of the catalogue `price` is the base price, and whether it can be
    bought now is the catalogue's word: `may_be_bought` is about pages.
    """
    found = Gift.objects.filter(Q(gift_list__in=list_ids) | Q(pk__in=gift_ids)).annotate(claimed=is_claimed())
    rows = found.order_by("gift_list_id", "position", "pk").values_list(*_COLUMNS)
    return [_wanted(row, {}) for row in rows]


def with_pots(gifts: Collection[WantedGift]) -> list[WantedGift]:
    """The same gifts with what their pots hold; one query."""
    balances = pot_balances({pot for gift in gifts for pot in (gift.gift_id, gift.gift_list_id)}) if gifts else {}
    return [
        replace(
            gift,
            gift_pot=balances.get(gift.gift_id, gift.gift_pot),
            list_pot=balances.get(gift.gift_list_id, gift.list_pot),
        )
        for gift in gifts
    ]


def wanted_gift(gift_id: UUID) -> WantedGift:
    """The same of one that is there, for whoever holds its list's lock; two queries, one when its pots are empty."""
    has_money = Exists(in_pots().filter(Q(gift=OuterRef("pk")) | Q(gift_list=OuterRef("gift_list"))))
    found = Gift.objects.filter(pk=gift_id).annotate(claimed=is_claimed(), has_money=has_money)
    *row, has_money_now = found.values_list(*_COLUMNS, "has_money").get()
    return _wanted(tuple(row), pot_balances(set(row[:2])) if has_money_now else {})


def watched_lists_of_page(page_id: UUID) -> set[UUID]:
    """Ids of the customers with a wanted gift, on an open list, that rests on that page."""
    return _owners(link__page=page_id)


def watched_lists_of_products(product_ids: Collection[UUID]) -> set[UUID]:
    """The same of variants of these products."""
    return _owners(variant__product__in=product_ids)


def gifts_owned_by(*, customer_id: UUID, gift_ids: Collection[UUID] = (), list_ids: Collection[UUID] = ()) -> set[UUID]:
    """Which of these gifts (on a list, not removed nor received) and of these open lists are the customer's own."""
    mine = GiftList.objects.filter(owner=customer_id, state=GiftList.State.OPEN)
    of_gifts = Gift.objects.filter(pk__in=gift_ids, gift_list__in=mine, state__in=LIVE)
    return {*of_gifts.values_list("pk", flat=True), *mine.filter(pk__in=list_ids).values_list("pk", flat=True)}


def gift_card(gift_id: UUID) -> GiftCard:
    """For messages about a gift. Raises `NotFoundError`."""
    gift = gifts().filter(pk=gift_id).first()
    if gift is None:
        raise NotFoundError
    gift_list = gift.gift_list
    return GiftCard(gift.pk, gift_list.pk, gift_list.owner_id, gift_list.name, title_of(gift), gift_list.keeps_surprise)


def list_name(gift_list_id: UUID) -> str:
    """What its owner calls it. Raises `NotFoundError`."""
    name = GiftList.objects.filter(pk=gift_list_id).values_list("name", flat=True).first()
    if name is None:
        raise NotFoundError
    return name


def contribution_card(contribution_id: UUID) -> ContributionCard:
    """For messages about a contribution; who gave is not said when they would not have it. Raises `NotFoundError`."""
    row = contributions().filter(pk=contribution_id).first()
    if row is None:
        raise NotFoundError
    gift_list = row.gift_list or (row.gift.gift_list if row.gift else None)
    owner_id = gift_list.owner_id if gift_list else row.beneficiary_id
    assert owner_id is not None
    return ContributionCard(
        contribution_id=row.pk,
        contributor_id=row.contributor_id,
        contributor_name="" if row.is_anonymous else shown_name(row.contributor.name),
        owner_id=owner_id,
        gift_list_id=gift_list.pk if gift_list else None,
        list_name=gift_list.name if gift_list else "",
        gift_title=title_of(row.gift) if row.gift else "",
        amount=row.amount,
        message=row.message,
    )


def shown_name(name: str) -> str:
    """How a person is named to others: first name and an initial, or "somebody"; never an address."""
    return short_name(name) or _("somebody")


def _owners(**of: Any) -> set[UUID]:
    rows = Gift.objects.filter(**of, state=Gift.State.WANTED, gift_list__state=GiftList.State.OPEN)
    return set(rows.values_list("gift_list__owner_id", flat=True))


def _wanted(row: tuple[Any, ...], balances: dict[UUID, Money]) -> WantedGift:
    gift_id, list_id, owner_id, currency, list_state, buys_itself, priority, added_at, is_on, state, claimed = row[:11]
    seen_minor, seen_currency, variant_id, product_name, variant_minor, variant_currency = row[11:17]
    page_id, url, page_title, address, page_minor, page_currency, availability = row[17:24]
    may_be_bought, reason, read_at, added_by = row[24:]
    is_open, nothing = list_state == GiftList.State.OPEN, Money.zero(currency)
    price_minor, price_currency = (
        (page_minor, page_currency) if variant_id is None else (variant_minor, variant_currency)
    )
    return WantedGift(
        gift_id=gift_id,
        gift_list_id=list_id,
        owner_id=owner_id,
        list_currency=currency,
        priority=priority,
        added_at=added_at,
        title=page_title or address if variant_id is None else product_name,
        is_list_on=buys_itself and is_open,
        is_on=is_on,
        is_wanted=state == Gift.State.WANTED and is_open,
        is_claimed=claimed,
        variant_id=variant_id,
        page_id=page_id,
        url=url or "",
        price=None if price_minor is None else Money(price_minor, price_currency),
        availability=availability or "",
        may_be_bought=bool(may_be_bought),
        why_not_priced=reason or "",
        read_at=read_at,
        seen_price=None if seen_minor is None else Money(seen_minor, seen_currency),
        is_owners=added_by == owner_id,
        gift_pot=balances.get(gift_id, nothing),
        list_pot=balances.get(list_id, nothing),
    )
