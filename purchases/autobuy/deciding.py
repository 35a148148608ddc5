"""What a run would do with a plan: pure. The engine tries it, and decides again with what came of each try."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final
from uuid import UUID

from links.contracts import WantedGift
from marketplace.core.money import Money

from . import outcomes
from .models import Schedule
from .values import ACTIONS, Decision, Rule, Terms, Verdict, View, Wish

PEACE: Final = timedelta(days=7)
"""After a no, or a purchase that came to nothing, the same price is not tried again for so long."""
LOOK_AGAIN: Final = timedelta(hours=1)
"""What nobody tells of, such as goods that are back, is looked for so often."""
NOT_SEEN: Final = "price_not_seen"
ASKS_FIRST: Final = "asks_first"
ENDINGS: Final = {
    "declined": outcomes.DECLINED,
    "lapsed": outcomes.NOT_ANSWERED,
    "released": outcomes.CAME_TO_NOTHING,
}
_UP_TO_MONEY: Final = ACTIONS | {outcomes.SHORT, outcomes.WEEKLY_LIMIT}
_DATED: Final = frozenset({Schedule.Kind.ON_DATE, Schedule.Kind.INTERVAL})
_UNDATED_FIRST: Final = {Schedule.Kind.TARGET_PRICE: 0, Schedule.Kind.BALANCE: 1}


def decide(view: View, done: Mapping[UUID, Verdict] | None = None) -> Decision:
    """A verdict for each gift: priority first, then age; whatever a due schedule covers and the money allows is bought.

    Schedules with days buy one thing a run; targets and balances go on while the money lasts. `done` are verdicts that
    the engine has tried already: they stand, and what they took is gone.
    """
    purse = _Purse(view)
    verdicts = []
    for wish in sorted(view.wishes, key=_rank):
        tried = (done or {}).get(wish.gift.gift_id)
        verdict = tried if tried is not None else _judge(view, wish, purse)
        if verdict.outcome in {outcomes.BOUGHT, outcomes.ASKED, outcomes.JUMP_ASKS}:
            purse.spend(verdict)
        verdicts.append(verdict)
    return Decision(tuple(verdicts))


def is_up_to_money(view: View) -> bool:
    """Whether wallet and pots have a say: seen without any, something would be bought or asked for, or is short."""
    return any(verdict.outcome in _UP_TO_MONEY for verdict in decide(view).verdicts)


def obstacle(wish: Wish, terms: Terms, at: datetime, *, by_hand: bool = False) -> Verdict | None:
    """What stands against buying it, whatever the schedules and the money. `by_hand`: switches do not count."""
    against = next(_obstacles(wish, terms, at, by_hand=by_hand), None)
    return _promised(wish, at) if against is None and wish.gift.is_claimed else against


def cost_of(wish: Wish, price: Money, terms: Terms) -> Money:
    """What is set aside: the price; in another shop the margin on top, up to the next minor unit."""
    if wish.stock is not None:
        return price
    share = Decimal(price.minor) * (100 + terms.margin_percent) / 100
    return Money(int(share.quantize(Decimal(1), rounding=ROUND_CEILING)), price.currency)


def question(wish: Wish, price: Money, rule: Rule, terms: Terms) -> str:
    """Why this price asks first: `price_not_seen`, `price_up`, `price_down`; empty when it does not.

    A target is the owner's word about a price they did not see, but not about what an editor put there.
    """
    has_target = rule.kind == Schedule.Kind.TARGET_PRICE
    seen = wish.gift.seen_price
    if seen is None or seen.currency != price.currency:
        return "" if has_target and wish.gift.is_owners else NOT_SEEN
    step = seen.minor * terms.jump_percent
    if (price.minor - seen.minor) * 100 > step:
        return "price_up"
    return "price_down" if (seen.minor - price.minor) * 100 > step and not has_target else ""


@dataclass
class _Purse:
    """Money and turns that are left, while a decision goes through the gifts."""

    view: View
    spent: dict[str, int] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    pots: dict[UUID, int] = field(default_factory=dict)
    turns: set[UUID] = field(default_factory=set)

    def lacking(self, gift: WantedGift, cost: Money, keep: Money | None) -> tuple[int, int | None]:
        """What is missing in pots and wallet, and what the week leaves where that is too little."""
        room = self.view.rooms.get(cost.currency)
        free = room.available.minor - self.spent.get(cost.currency, 0) if room else 0
        stays = keep.minor if keep is not None and keep.currency == cost.currency else 0
        missing = max(0, cost.minor - sum(self._from_pots(gift, cost)) - max(0, free - stays))
        if room is None or room.weekly_left is None:
            return missing, None
        left = max(0, room.weekly_left.minor - self.counted.get(cost.currency, 0))
        return missing, left if cost.minor > left else None

    def spend(self, verdict: Verdict) -> None:
        """A question takes its turn only, a purchase its money too."""
        if verdict.rule is not None and verdict.rule.kind in _DATED:
            self.turns.add(verdict.rule.schedule_id)
        if verdict.outcome != outcomes.BOUGHT or verdict.cost is None:
            return
        gift, cost = verdict.wish.gift, verdict.cost
        own, shared = self._from_pots(gift, cost)
        self.pots[gift.gift_list_id] = self.pots.get(gift.gift_list_id, 0) + shared
        self.spent[cost.currency] = self.spent.get(cost.currency, 0) + cost.minor - own - shared
        self.counted[cost.currency] = self.counted.get(cost.currency, 0) + cost.minor

    def _from_pots(self, gift: WantedGift, cost: Money) -> tuple[int, int]:
        if gift.list_currency != cost.currency:
            return 0, 0
        own = min(cost.minor, gift.gift_pot.minor)
        left = max(0, gift.list_pot.minor - self.pots.get(gift.gift_list_id, 0))
        return own, min(cost.minor - own, left)


def _rank(wish: Wish) -> tuple[Any, ...]:
    return -wish.gift.priority, wish.gift.added_at, wish.gift.gift_id


def _judge(view: View, wish: Wish, purse: _Purse) -> Verdict:
    rules = [rule for rule in view.rules if rule.covers(wish.gift)]
    against = next(_obstacles(wish, view.terms, view.at, by_hand=False), None)
    if against is not None and against.outcome in _BEFORE_SCHEDULES:
        return against
    if not rules:
        return Verdict(wish=wish, outcome=outcomes.NO_SCHEDULE)
    if against is not None:
        return against
    assert wish.price is not None
    due = [rule for rule in rules if _is_due(rule, wish.price, view.at)]
    if not due:
        return _not_yet(wish, wish.price, rules)
    turns = [rule for rule in due if rule.schedule_id not in purse.turns]
    if not turns or wish.gift.is_claimed:
        return _promised(wish, view.at) if turns else Verdict(wish=wish, outcome=outcomes.NEXT_TIME)
    cost = cost_of(wish, wish.price, view.terms)
    return _afford(view, wish, wish.price, cost, _in_turn(turns), purse)


_BEFORE_SCHEDULES: Final = frozenset({
    outcomes.WAITING, outcomes.UNDER_WAY, outcomes.LIST_OFF, outcomes.SWITCHED_OFF, outcomes.NOT_AVAILABLE,
})  # fmt: skip


def _obstacles(wish: Wish, terms: Terms, at: datetime, *, by_hand: bool) -> Iterator[Verdict]:
    gift = wish.gift

    def found(outcome: str, *, look_at: datetime | None = None, **params: Any) -> Verdict:
        return Verdict(wish=wish, outcome=outcome, params=params, look_at=look_at)

    if wish.live is not None and wish.live.state == "asked":
        yield found(outcomes.WAITING, answer_by=wish.live.answer_by)
    elif wish.live is not None or not gift.is_wanted:
        yield found(outcomes.UNDER_WAY)
    if not by_hand and not gift.is_list_on:
        yield found(outcomes.LIST_OFF)
    if not by_hand and not gift.is_on:
        yield found(outcomes.SWITCHED_OFF)
    if not wish.is_sellable or gift.availability == "preorder":
        yield found(outcomes.NOT_AVAILABLE, look_at=at + LOOK_AGAIN)
    if wish.price is None:
        yield found(outcomes.NO_PRICE, reason=gift.why_not_priced or "no_price")
    elif wish.stock is None and not gift.may_be_bought:
        yield found(outcomes.UNRELIABLE, price=wish.price)
    elif wish.price.currency != gift.list_currency:
        yield found(outcomes.CURRENCY, currency=wish.price.currency, list_currency=gift.list_currency)
    if wish.stock is None and gift.read_at is not None and gift.read_at < at - terms.price_age:
        yield found(outcomes.TOO_OLD, look_at=at + LOOK_AGAIN, read_at=gift.read_at)
    if gift.availability == "out_of_stock" or (wish.stock is not None and wish.stock < 1):
        yield found(outcomes.OUT_OF_STOCK, look_at=at + LOOK_AGAIN)
    ended = wish.ended
    if not by_hand and ended is not None and ended.ended_at is not None and ended.price == wish.price:
        until = ended.ended_at + PEACE
        if until > at:
            yield found(ENDINGS[ended.state], look_at=until, until=until, price=ended.price)


def _promised(wish: Wish, at: datetime) -> Verdict:
    """Somebody gives it. It is said last: until its turn comes its owner reads what they would read of any other."""
    return Verdict(wish=wish, outcome=outcomes.NOT_AVAILABLE, look_at=at + LOOK_AGAIN)


def _is_due(rule: Rule, price: Money, at: datetime) -> bool:
    if rule.kind == Schedule.Kind.TARGET_PRICE:
        target = rule.target
        return target is not None and target.currency == price.currency and price <= target
    return rule.kind == Schedule.Kind.BALANCE or (rule.next_at is not None and rule.next_at <= at)


def _not_yet(wish: Wish, price: Money, rules: Iterable[Rule]) -> Verdict:
    targets = [rule.target for rule in rules if rule.target is not None and rule.target.currency == price.currency]
    moments = [rule.next_at for rule in rules if rule.next_at is not None]
    if targets:
        highest = max(targets, key=lambda target: target.minor)
        return Verdict(wish=wish, outcome=outcomes.ABOVE_TARGET, params={"price": price, "target": highest})
    if moments:
        return Verdict(wish=wish, outcome=outcomes.NOT_DUE, params={"next_at": min(moments)})
    return Verdict(wish=wish, outcome=outcomes.NO_SCHEDULE)


def _in_turn(rules: Iterable[Rule]) -> list[Rule]:
    """Those that are not used up first, so that a day's turn is left for something else."""
    return sorted(rules, key=lambda rule: (_UNDATED_FIRST.get(Schedule.Kind(rule.kind), 2), str(rule.schedule_id)))


def _afford(view: View, wish: Wish, price: Money, cost: Money, rules: list[Rule], purse: _Purse) -> Verdict:
    lacks = [(*purse.lacking(wish.gift, cost, rule.keep), rule) for rule in rules]
    missing, left, rule = min(lacks, key=lambda lack: (lack[0] > 0, lack[1] is not None, lack[0]))
    if missing:
        lack = Money(missing, cost.currency)
        return Verdict(wish=wish, outcome=outcomes.SHORT, params={"missing": lack, "cost": cost}, missing=lack)
    if left is not None:
        rest = Money(left, cost.currency)
        return Verdict(
            wish=wish,
            outcome=outcomes.WEEKLY_LIMIT,
            params={"left": rest, "cost": cost},
            missing=cost - rest,
            look_at=view.week_ends_at,
        )
    why = question(wish, price, rule, view.terms)
    params: dict[str, Any] = {"price": price, "cost": cost}
    outcome = outcomes.ASKED if view.asks_first or why == NOT_SEEN else outcomes.BOUGHT
    if why and why != NOT_SEEN:
        outcome, params["seen"] = outcomes.JUMP_ASKS, wish.gift.seen_price
    if outcome != outcomes.BOUGHT:
        params["why"] = why or ASKS_FIRST
    return Verdict(wish=wish, outcome=outcome, params=params, rule=rule, cost=cost)
