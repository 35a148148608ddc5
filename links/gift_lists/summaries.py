"""Gift lists as reminders and weekly summaries tell of them: set-wise, for a page of owners."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet, Sum
from django.db.models.functions import Coalesce

from links.contracts import WaitingList, Wish, WishesOfOwner
from links.pots.models import Contribution
from links.product_links.models import PricePoint
from marketplace.core.money import Money
from stores import facade as stores

from .models import Gift, GiftList

SHOWN: Final = 8
"""Wishes a summary names."""
OLDEST_POINT: Final = timedelta(days=90)
"""A price that last changed before that counts as unchanged."""


def owners_of_lists(*, after: UUID | None, limit: int) -> list[UUID]:
    """Owners of open lists, a page by id."""
    rows = GiftList.objects.filter(state=GiftList.State.OPEN)
    if after is not None:
        rows = rows.filter(owner__gt=after)
    return list(rows.order_by("owner").values_list("owner", flat=True).distinct()[:limit])


def untouched_lists(owner_ids: Collection[UUID], since: datetime) -> list[WaitingList]:
    """Open lists with something wanted on which nothing has changed since then, of owners all of whose are so."""
    fresh = Gift.objects.filter(gift_list=OuterRef("pk"), updated_at__gte=since)
    wanted = Gift.objects.filter(gift_list=OuterRef("pk"), state=Gift.State.WANTED)
    rows = GiftList.objects.filter(Exists(wanted), owner__in=owner_ids, state=GiftList.State.OPEN)
    lists = list(rows.annotate(is_fresh=Exists(fresh)).order_by("owner", "pk"))
    busy = {row.owner_id for row in lists if row.is_fresh or row.updated_at >= since}
    waiting = {row.pk: row for row in lists if row.owner_id not in busy}
    gifts: dict[UUID, list[Gift]] = defaultdict(list)
    for gift in _wanted().filter(gift_list__in=waiting):
        gifts[gift.gift_list_id].append(gift)
    return [
        WaitingList(row.pk, row.owner_id, row.name, len(gifts[row.pk]), _title(gifts[row.pk][0]))
        for row in waiting.values()
        if gifts[row.pk]
    ]


def wishes_of(owner_ids: Collection[UUID], since: datetime) -> list[WishesOfOwner]:
    """What these owners' open lists hold, with what each thing cost at `since`; six queries for any number."""
    gifts: dict[UUID, list[Gift]] = defaultdict(list)
    for gift in _wanted().filter(gift_list__owner__in=owner_ids):
        gifts[gift.gift_list.owner_id].append(gift)
    shown = {owner: rows[:SHOWN] for owner, rows in gifts.items()}
    prices = _prices([gift for rows in shown.values() for gift in rows], since)
    pots = _pots(owner_ids)
    return [
        WishesOfOwner(
            owner_id=owner,
            wishes=tuple(Wish(_title(gift), *prices[gift.pk]) for gift in shown.get(owner, ())),
            wish_count=len(gifts.get(owner, ())),
            pots=tuple(pots.get(owner, ())),
        )
        for owner in owner_ids
        if owner in gifts or owner in pots
    ]


def _wanted() -> QuerySet[Gift]:
    rows = Gift.objects.filter(state=Gift.State.WANTED, gift_list__state=GiftList.State.OPEN)
    rows = rows.select_related("gift_list", "link__page", "variant__product")
    return rows.order_by("gift_list__owner", "-priority", "created_at", "pk")


def _prices(gifts: Collection[Gift], since: datetime) -> dict[UUID, tuple[Money | None, Money | None]]:
    """By gift, what it costs and what it cost at `since`."""
    variants = [gift.variant_id for gift in gifts if gift.variant_id is not None]
    now, before = stores.variant_cards(variants), stores.prices_on(variants, since)
    points = _points({gift.link.page_id for gift in gifts if gift.link is not None}, since)
    found: dict[UUID, tuple[Money | None, Money | None]] = {}
    for gift in gifts:
        if gift.link is not None:
            price = gift.link.page.price
            found[gift.pk] = (price, points.get(gift.link.page_id, price))
        else:
            card = None if gift.variant_id is None else now.get(gift.variant_id)
            earlier = None if gift.variant_id is None else before.get(gift.variant_id)
            found[gift.pk] = (None if card is None else card.price, earlier)
    return found


def _points(page_ids: Iterable[UUID], since: datetime) -> dict[UUID, Money | None]:
    """What the pages said at `since`, of those that have said something else after it. Documents: no joins."""
    pages = list(page_ids)
    moved = set(PricePoint.objects.filter(page_id__in=pages, at__gt=since).values_list("page_id", flat=True))
    earlier = PricePoint.objects.filter(page_id__in=list(moved), at__lte=since, at__gt=since - OLDEST_POINT)
    found: dict[UUID, Money | None] = dict.fromkeys(moved)
    rows = earlier.order_by("at").values_list("page_id", "price_minor", "currency")
    for page_id, minor, currency in rows:
        found[page_id] = None if minor is None else Money(minor, currency)
    return found


def _pots(owner_ids: Collection[UUID]) -> dict[UUID, list[tuple[str, Money]]]:
    left = F("amount_minor") - F("used_minor") - F("refunded_minor") - F("moved_minor")
    held = Coalesce(F("gift_list"), F("gift__gift_list"))
    rows = (
        Contribution.objects.filter(beneficiary=None)
        .annotate(held=held)
        .filter(held__in=GiftList.objects.filter(owner__in=owner_ids).values("pk"))
        .order_by()
        .values("held", "currency")
        .annotate(total=Sum(left))
        .filter(total__gt=0)
    )
    totals = {row["held"]: Money(int(row["total"]), row["currency"]) for row in rows}
    found: dict[UUID, list[tuple[str, Money]]] = {}
    for pk, owner, name in GiftList.objects.filter(pk__in=totals).order_by("pk").values_list("pk", "owner", "name"):
        found.setdefault(owner, []).append((name, totals[pk]))
    return found


def _title(gift: Gift) -> str:
    if gift.link is not None:
        return str(gift.link.page)
    return "" if gift.variant is None else gift.variant.product.name
