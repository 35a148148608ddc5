"""The rounds over owners of gift lists, set-wise: a page at a time, each page once a round, harmless twice."""

from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from funds import facade as funds
from funds.contracts import WeekSum
from links import facade as links
from links.contracts import Wish, WishesOfOwner
from marketplace.core.clock import platform_day
from marketplace.core.events import json_ready
from marketplace.core.jobs import JobSlot, take_slot
from marketplace.core.money import Money
from notifications.inbox.models import Message
from notifications.inbox.services import tell_each
from notifications.kinds.table import LIST_REMINDER, WEEKLY_SUMMARY
from purchases import facade as purchases
from purchases.contracts import AutoPurchaseCard

PAGE: Final = 200
WEEKS_SHOWN: Final = 6
"""Bars of the picture: the week that is told of, and those before it."""
MONDAY: Final = 0
ROUNDS_BEGIN: Final = time(8)
"""By the platform's clock. Whose night it is then, gets the mail after it."""

Tell = Callable[[Collection[UUID]], int]


def remind_of_lists(*, at: datetime, is_over: Callable[[], bool]) -> int:
    """Remind owners of lists that nobody has touched for LINKS_REMINDER_DAYS, at most once in as many days; how many.

    One round a day, from eight o'clock on. `is_over` says when this turn ends; the next one goes on.
    """
    cadence = timedelta(days=settings.LINKS_REMINDER_DAYS)
    if not _has_begun(at):
        return 0

    def tell(owners: Collection[UUID]) -> int:
        lately = Message.objects.filter(kind=LIST_REMINDER, recipient__in=owners, created_at__gt=at - cadence)
        due = set(owners) - set(lately.values_list("recipient", flat=True))
        first: dict[UUID, dict[str, Any]] = {}
        for row in links.untouched_lists(due, at - cadence):
            params = {"gift_list": str(row.gift_list_id), "list": row.name, "item": row.first}
            first.setdefault(row.owner_id, params | {"count": str(row.wish_count)})
        return tell_each(kind=LIST_REMINDER, messages=first, fact=platform_day(at).isoformat(), at=at)

    return _go_round(LIST_REMINDER, platform_day(at), tell, is_over)


def tell_of_weeks(*, at: datetime, is_over: Callable[[], bool]) -> int:
    """On Mondays, tell owners of lists what the platform's week that has ended was like; how many were told.

    Whoever had nothing in it, and wants nothing, is told nothing. `is_over` says when this turn ends.
    """
    today = platform_day(at)
    if today.weekday() != MONDAY or not _has_begun(at):
        return 0

    def tell(owners: Collection[UUID]) -> int:
        return tell_each(kind=WEEKLY_SUMMARY, messages=weeks_of(owners, today), fact=today.isoformat(), at=at)

    return _go_round(WEEKLY_SUMMARY, today, tell, is_over)


def weeks_of(owners: Collection[UUID], monday: date) -> dict[UUID, dict[str, Any]]:
    """The week before that Monday, by owner, as a message's parameters. A dozen queries for any number of owners."""
    week = monday - timedelta(weeks=1)
    since, until = _midnight(week), _midnight(monday)
    wishes = {row.owner_id: row for row in links.wishes_of(owners, since)}
    bought = purchases.auto_purchases_between(owners, since, until)
    sums = funds.week_sums_of(owners, since=monday - timedelta(weeks=WEEKS_SHOWN), until=monday)
    found = {}
    for owner in owners:
        moved = any(row.starts_on == week for row in sums.get(owner, ()))
        own = wishes.get(owner, WishesOfOwner(owner, (), 0, ()))
        if own.wishes or own.pots or owner in bought or moved:
            found[owner] = _params(monday, own, bought.get(owner, []), sums.get(owner, []))
    return found


def _params(
    monday: date, own: WishesOfOwner, bought: Collection[AutoPurchaseCard], sums: Collection[WeekSum]
) -> dict[str, Any]:
    weeks = _weeks(monday, sums)
    return {
        "from": weeks[-1]["starts_on"],
        "to": (monday - timedelta(days=1)).isoformat(),
        "bought": [{"title": card.title, "cost": json_ready(card.cost or card.held)} for card in bought],
        "bought_count": str(len(bought)),
        "wishes": [
            {"title": row.title, "price": json_ready(row.price), "before": json_ready(row.before)} for row in own.wishes
        ],
        "wish_count": str(own.wish_count),
        "cheaper_count": str(sum(map(_is_cheaper, own.wishes))),
        "pots": [{"list": name, "amount": json_ready(amount)} for name, amount in own.pots],
        "incoming": weeks[-1]["incoming"],
        "outgoing": weeks[-1]["outgoing"],
        "weeks": weeks,
    }


def _is_cheaper(wish: Wish) -> bool:
    if wish.price is None or wish.before is None or wish.price.currency != wish.before.currency:
        return False
    return wish.price < wish.before


def _weeks(monday: date, sums: Collection[WeekSum]) -> list[dict[str, Any]]:
    """The last weeks, oldest first, in one currency: the platform's own where there is any of it."""
    currencies = {row.incoming.currency for row in sums}
    default = settings.DEFAULT_CURRENCY
    currency = default if default in currencies or not currencies else min(currencies)
    cells = {row.starts_on: row for row in sums if row.incoming.currency == currency}
    nothing = Money.zero(currency)
    starts = [monday - timedelta(weeks=back) for back in range(WEEKS_SHOWN, 0, -1)]
    return [
        {
            "starts_on": start.isoformat(),
            "incoming": json_ready(cells[start].incoming if start in cells else nothing),
            "outgoing": json_ready(cells[start].outgoing if start in cells else nothing),
        }
        for start in starts
    ]


def _go_round(job: str, day: date, tell: Tell, is_over: Callable[[], bool]) -> int:
    done = f"{day}:done"
    name = f"notifications.{job}"
    if JobSlot.objects.filter(job=name, slot=done).exists():
        return 0
    told = 0
    after: UUID | None = None
    while owners := links.owners_of_lists(after=after, limit=PAGE):
        if is_over():
            return told
        with transaction.atomic():
            # Whoever comes second finds the page told, or waits and finds it.
            told += tell(owners) if take_slot(name, f"{day}:{after}") else 0
        after = owners[-1]
    with transaction.atomic():
        take_slot(name, done)
    return told


def _has_begun(at: datetime) -> bool:
    return at >= datetime.combine(platform_day(at), ROUNDS_BEGIN, tzinfo=ZoneInfo(settings.PLATFORM_TIME_ZONE))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(settings.PLATFORM_TIME_ZONE))
