"""What the engine reads before it decides: a handful of queries for any number of plans."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from funds import facade as funds
from funds.contracts import AutomaticRoom
from links import facade as links
from links.contracts import WantedGift
from marketplace.core.money import Money
from stores import facade as stores

from .deciding import PEACE, is_up_to_money
from .models import AutoPurchase, Plan, Schedule
from .selectors import helped_by_pots
from .values import Rule, Terms, Try, View, Wish


def house_terms() -> Terms:
    """As the settings have them."""
    return Terms(
        margin_percent=settings.AUTOBUY_MARGIN_PERCENT,
        jump_percent=settings.AUTOBUY_JUMP_PERCENT,
        price_age=timedelta(hours=settings.AUTOBUY_PRICE_HOURS),
    )


def views_of(plans: Sequence[Plan], *, at: datetime) -> dict[UUID, View]:
    """What decides over each plan, by plan: schedules that are on, gifts of the customer's own lists, money.

    Money is read only of those where it decides: most plans wait for a day or a price.
    """
    rules: dict[UUID, list[Rule]] = defaultdict(list)
    lists: set[UUID] = set()
    gifts: set[UUID] = set()
    for plan_id, rule, is_list in _rules([plan.pk for plan in plans]):
        rules[plan_id].append(rule)
        (lists if is_list else gifts).add(rule.subject)
    wishes: dict[UUID, list[Wish]] = defaultdict(list)
    if lists or gifts:
        for wish in wishes_of(links.wanted_gifts(list_ids=lists, gift_ids=gifts), at=at):
            wishes[wish.gift.owner_id].append(wish)
    terms, (_monday, week_ends_at) = house_terms(), funds.week_of(at)
    views = {
        plan.customer_id: View(
            at=at,
            wishes=tuple(wishes[plan.customer_id]),
            rules=tuple(rules[plan.pk]),
            rooms={},
            terms=terms,
            asks_first=plan.ask_hours is not None,
            week_ends_at=week_ends_at,
        )
        for plan in plans
    }
    views |= _with_money({owner: view for owner, view in views.items() if is_up_to_money(view)}, at)
    return {plan.pk: views[plan.customer_id] for plan in plans}


def wishes_of(gifts: Iterable[WantedGift], *, at: datetime, with_tries: bool = True) -> list[Wish]:
    """Gifts with their prices of now and their tries, without what is not wanted any more and was never being bought.

    Two queries at most. `with_tries`: else the caller knows that there is no living one.
    """
    found = {gift.gift_id: gift for gift in gifts}
    live, ended = _tries(found, at) if with_tries else ({}, {})
    cards = stores.variant_cards({gift.variant_id for gift in found.values() if gift.variant_id is not None})
    wishes = []
    for gift in found.values():
        if not gift.is_wanted and gift.gift_id not in live:
            continue
        card = cards.get(gift.variant_id) if gift.variant_id is not None else None
        wishes.append(
            Wish(
                gift=gift,
                price=card.price if card is not None else gift.price,
                is_sellable=card.is_sellable if card is not None else gift.variant_id is None,
                stock=None if gift.variant_id is None else (card.available if card is not None else 0),
                live=live.get(gift.gift_id),
                ended=ended.get(gift.gift_id),
            )
        )
    return wishes


def _rules(plan_ids: Sequence[UUID]) -> Iterable[tuple[UUID, Rule, bool]]:
    rows = Schedule.objects.filter(plan__in=plan_ids, is_enabled=True).values_list(
        *("plan_id", "pk", "kind", "gift_list_id", "gift_id", "next_at", "starts_on", "every_days"),
        *("target_minor", "keep_minor", "currency"),
    )
    for plan_id, pk, kind, list_id, gift_id, next_at, starts_on, every_days, target, keep, currency in rows:
        rule = Rule(
            schedule_id=pk,
            kind=kind,
            subject=list_id or gift_id,
            next_at=next_at,
            starts_on=starts_on,
            every_days=every_days,
            target=None if target is None else Money(target, currency),
            keep=None if keep is None else Money(keep, currency),
        )
        yield plan_id, rule, list_id is not None


def _tries(gifts: Mapping[UUID, WantedGift], at: datetime) -> tuple[dict[UUID, Try], dict[UUID, Try]]:
    """The living try of each gift, and the last that ended lately without a purchase.

    Asked by owner, who are fewer than their gifts and whose tries are few.
    """
    lately = Q(state__in=["declined", "lapsed", "released"], ended_at__gt=at - PEACE)
    owners = {gift.owner_id for gift in gifts.values()}
    rows = AutoPurchase.objects.filter(lately | Q(state__in=AutoPurchase.LIVE), customer__in=owners)
    live: dict[UUID, Try] = {}
    ended: dict[UUID, Try] = {}
    for row in rows.order_by("pk").only("gift_id", "state", "price_minor", "currency", "answer_by", "ended_at"):
        if row.gift_id not in gifts:
            continue
        one = Try(state=row.state, price=row.price, answer_by=row.answer_by, ended_at=row.ended_at)
        (live if row.state in AutoPurchase.LIVE else ended)[row.gift_id] = one
    return live, ended


def _with_money(views: dict[UUID, View], at: datetime) -> dict[UUID, View]:
    """The same views, by customer, with what wallets and pots hold: two queries, and three a currency."""
    if not views:
        return {}
    found = links.with_pots([wish.gift for view in views.values() for wish in view.wishes])
    gifts = {gift.gift_id: gift for gift in found}
    rooms, helped = _rooms(views, at), helped_by_pots(views.keys())
    return {
        owner: replace(
            view,
            wishes=tuple(replace(wish, gift=gifts[wish.gift.gift_id]) for wish in view.wishes),
            rooms=rooms.get(owner, {}),
            is_helped=owner in helped,
        )
        for owner, view in views.items()
    }


def _rooms(views: dict[UUID, View], at: datetime) -> dict[UUID, dict[str, AutomaticRoom]]:
    """Of each customer by currency: three queries a currency."""
    owners: dict[str, set[UUID]] = defaultdict(set)
    for owner, view in views.items():
        for wish in view.wishes:
            if wish.price is not None:
                owners[wish.price.currency].add(owner)
    rooms: dict[UUID, dict[str, AutomaticRoom]] = defaultdict(dict)
    for currency, customers in owners.items():
        for owner, room in funds.automatic_room(customers, currency, at).items():
            rooms[owner][currency] = room
    return rooms
