"""What one unit of each of many variants costs: by the price pipeline itself, for all of them at once. Pure.

Rules about orders, and those behind a coupon, are no business of lists. All others are, and a minimum ticket that one
unit reaches is one that every purchase of it reaches. A line of the pipeline knows nothing of the others, so variants
are priced together where they meet the same minimum tickets.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from promotions import facade as promotions
from promotions.contracts import Buyer, PriceRule, RuleLimit
from purchases.pricing.offers import Contender, Shelves, ranked
from purchases.pricing.pipeline import price
from purchases.pricing.savings import takes_off
from purchases.pricing.values import Item

STRANGER: Final = Buyer()


class Shown(NamedTuple):
    """What lists show of a variant, in minor units; None where that is nothing.

    `price`: what a stranger pays, if less than the list price; `is_for_all`: nobody pays more. `lowest`: what some
    customers pay who are of a level, in a segment or in time, if that is less than a stranger pays. All of it holds
    until `until`; None is without end.
    """

    price: int | None
    is_for_all: bool
    lowest: int | None
    until: datetime | None


def concerns_lists(rule: PriceRule) -> bool:
    """Whether a rule can make one unit cheaper that stands in a list."""
    return not rule.is_about_orders and not rule.needs_coupon and takes_off(rule)


def shown_prices(
    items: Sequence[Item], rules: Iterable[PriceRule], *, at: datetime, limits: Mapping[UUID, RuleLimit]
) -> dict[UUID, Shown]:
    """What lists show of each variant, one unit of it; variants that no rule will ever reach are left out.

    Each variant is there once. `limits` says how often limited rules can still be used, as `rule_limits` answers.
    """
    coming = [rule for rule in rules if concerns_lists(rule) and (rule.ends_at is None or at < rule.ends_at)]
    contenders = ranked((rule, ()) for rule in coming)
    changes = _Changes(contenders, at)
    reach = Shelves(contenders)
    until = {item.variant_id: changes.first(meant) for item in items if (meant := reach.meant_for(item))}
    reached = [item for item in items if item.variant_id in until]
    stranger, *others = (_priced(reached, coming, audience, at, limits) for audience in _audiences(coming))
    return {
        item.variant_id: _shown(
            item.list_price.minor,
            stranger[item.variant_id],
            [prices[item.variant_id] for prices in others],
            until[item.variant_id],
        )
        for item in reached
    }


class _Changes:
    """The first moment at which one of some rules changes; many variants meet the same rules."""

    def __init__(self, contenders: Iterable[Contender], at: datetime) -> None:
        self._moments = {each.place: promotions.next_change(each.rule, at) for each in contenders}
        self._known: dict[tuple[Contender, ...], datetime | None] = {}

    def first(self, meant: tuple[Contender, ...]) -> datetime | None:
        if meant not in self._known:
            moments = (self._moments[each.place] for each in meant)
            self._known[meant] = min((moment for moment in moments if moment is not None), default=None)
        return self._known[meant]


class _Audience(NamedTuple):
    """Whom a price is for, and whether what is limited is left for them."""

    buyer: Buyer
    is_in_time: bool


def _audiences(rules: Collection[PriceRule]) -> list[_Audience]:
    """A stranger first, then customers of each level that a rule names, and of none, who are in every segment."""
    tiers = {tier for rule in rules for tier in rule.tiers}
    segments = frozenset(segment for rule in rules for segment in rule.segment_ids)
    if segments or any(rule.is_limited for rule in rules):
        tiers.add("")
    return [_Audience(STRANGER, False), *(_Audience(Buyer(None, tier, segments), True) for tier in sorted(tiers))]


def _priced(
    items: Sequence[Item],
    rules: Sequence[PriceRule],
    audience: _Audience,
    at: datetime,
    limits: Mapping[UUID, RuleLimit],
) -> dict[UUID, int]:
    """What one unit of each costs, in minor units."""
    prices: dict[UUID, int] = {}
    for group, currency, ticket in _same_tickets(items, rules):
        judged = [(rule, ()) for rule in rules if _applies(rule, audience, at, limits, ticket, currency)]
        quote = price(group, currency=currency, rules=judged)
        prices |= {line.item.variant_id: line.total.minor for line in quote.items}
    return prices


def _same_tickets(items: Iterable[Item], rules: Iterable[PriceRule]) -> Iterator[tuple[list[Item], str, int]]:
    """Items of one currency that reach the same minimum tickets, and a ticket that reaches just those."""
    asked: dict[str, set[int]] = defaultdict(set)
    for rule in rules:
        asked[rule.currency].add(rule.min_ticket_minor)
    groups: dict[tuple[str, int], list[Item]] = defaultdict(list)
    tickets = {currency: sorted(those) for currency, those in asked.items()}
    for item in items:
        currency, costs = item.list_price.currency, item.list_price.minor
        steps = tickets.get(currency, [])
        place = bisect_right(steps, costs)
        groups[currency, steps[place - 1] if place else 0].append(item)
    for (currency, ticket), group in groups.items():
        yield group, currency, ticket


def _applies(
    rule: PriceRule,
    audience: _Audience,
    at: datetime,
    limits: Mapping[UUID, RuleLimit],
    ticket: int,
    currency: str,
) -> bool:
    if rule.is_limited and not audience.is_in_time:
        return False
    limit = limits.get(rule.rule_id)
    return not promotions.refusals(
        rule, buyer=audience.buyer, at=at, ticket_minor=ticket, currency=currency, limit=limit
    )


def _shown(listed: int, stranger: int, others: Sequence[int], until: datetime | None) -> Shown:
    lowest = min(others, default=stranger)
    return Shown(
        price=stranger if stranger < listed else None,
        is_for_all=all(costs <= stranger for costs in others),
        lowest=lowest if lowest < stranger else None,
        until=until,
    )
