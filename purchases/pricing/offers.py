"""Rules that compete: which are meant for a line, which go together, which of them win."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from promotions.contracts import PriceRule, RefusedRule

from .savings import takes_off
from .values import Item, Refused

Judged = tuple[PriceRule, Sequence[RefusedRule]]
"""A rule, and the conditions of buyer, moment, ticket, coupon and limits that it fails."""
Offer = list["Contender"]
"""Rules that apply together, or one alone; the first has the highest priority."""

OUTRANKED, NO_SAVING, NOT_FOR_THESE, FINAL_PRICE = "outranked", "no_saving", "not_for_these", "final_price"


class Contender:
    """A rule in its place among the others, with what is asked of it again and again."""

    __slots__ = ("_refusals", "failed", "place", "rule", "takes_off")

    def __init__(self, place: int, rule: PriceRule, failed: Sequence[RefusedRule]) -> None:
        self.place = place
        self.rule = rule
        self.takes_off = takes_off(rule)
        self.failed = tuple(
            Refused(rule.rule_id, rule.kind, rule.version, rule.name, each.code, each.params) for each in failed
        )
        self._refusals: dict[str, Refused] = {}

    def refusal(self, code: str) -> Refused:
        """One and the same value for every line: there can be very many."""
        known = self._refusals.get(code)
        if known is None:
            rule = self.rule
            known = self._refusals[code] = Refused(rule.rule_id, rule.kind, rule.version, rule.name, code)
        return known


def ranked(rules: Iterable[Judged]) -> list[Contender]:
    """By priority, then by id: whatever the order they come in."""
    in_order = sorted(rules, key=lambda judged: (-judged[0].priority, judged[0].rule_id.int))
    return [Contender(place, rule, failed) for place, (rule, failed) in enumerate(in_order)]


class Shelves:
    """Rules by what they are about, so that a line meets only those that may be meant for it."""

    def __init__(self, contenders: Iterable[Contender]) -> None:
        self._everywhere: list[Contender] = []
        self._by_id: dict[UUID, list[Contender]] = {}
        for contender in contenders:
            rule = contender.rule
            about = rule.product_ids or rule.category_ids or rule.store_ids
            if not about:
                self._everywhere.append(contender)
            for each in about:
                self._by_id.setdefault(each, []).append(contender)

    def meant_for(self, item: Item) -> list[Contender]:
        """Rules about the line, in their order."""
        found = {contender.place: contender for contender in self._everywhere}
        for key in (item.product_id, item.store_id, *item.category_ids):
            for contender in self._by_id.get(key, ()):
                if _is_meant(contender.rule, item):
                    found[contender.place] = contender
        return [found[place] for place in sorted(found)]


def _is_meant(rule: PriceRule, item: Item) -> bool:
    return (
        (not rule.product_ids or item.product_id in rule.product_ids)
        and (not rule.category_ids or not rule.category_ids.isdisjoint(item.category_ids))
        and (not rule.store_ids or item.store_id in rule.store_ids)
    )


def offers_of(contenders: Iterable[Contender]) -> list[Offer]:
    """An exclusive rule alone, the rules of a stack group together, any other rule alone; in their order."""
    offers: dict[UUID | str, Offer] = {}
    for contender in contenders:
        rule = contender.rule
        together = rule.stack_group if rule.stack_group and not rule.is_exclusive else rule.rule_id
        offers.setdefault(together, []).append(contender)
    return list(offers.values())


def best_of(
    offers: Sequence[Offer], savings_of: Callable[[Offer], list[int]]
) -> tuple[list[tuple[Contender, int]], list[Refused]]:
    """What applies, with its saving, and why the others do not.

    Of the offers that save something the highest priority wins, among equals the largest saving, then the first.
    """
    won: Offer = []
    savings: list[int] = []
    refused: list[Refused] = []
    for offer in offers:
        if won and offer[0].rule.priority < won[0].rule.priority:
            refused.extend(each.refusal(OUTRANKED) for each in offer)
            continue
        offered = savings_of(offer)
        if sum(offered) > sum(savings):
            refused.extend(each.refusal(OUTRANKED) for each in won)
            won, savings = offer, offered
        else:
            code = OUTRANKED if any(offered) else NO_SAVING
            refused.extend(each.refusal(code) for each in offer)
    pairs = list(zip(won, savings, strict=True))
    refused.extend(each.refusal(NO_SAVING) for each, saving in pairs if not saving)
    return [(each, saving) for each, saving in pairs if saving], refused
