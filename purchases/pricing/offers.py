"""Rules that compete: which are meant for a line, which go together, which of them win."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from promotions.contracts import PriceRule, RefusedRule

from .savings import saving_of, takes_off
from .values import Item, Refused

Judged = tuple[PriceRule, Sequence[RefusedRule]]
"""A rule, and the conditions of buyer, moment, ticket, coupon and limits that it fails."""

OUTRANKED: Final = "outranked"
NO_SAVING: Final = "no_saving"
FINAL_PRICE: Final = "final_price"


class Contender:
    """A rule in its place among the others, with what is asked of it again and again."""

    __slots__ = ("_refusals", "failed", "place", "rule", "saving", "takes_off")

    def __init__(self, place: int, rule: PriceRule, failed: Sequence[RefusedRule]) -> None:
        self.place = place
        self.rule = rule
        self.takes_off = takes_off(rule)
        self.saving = saving_of(rule)
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


class Offer:
    """Rules that apply together, or one alone; the first has the highest priority."""

    __slots__ = ("contenders", "no_saving", "outranked", "priority", "saving")

    def __init__(self, contenders: list[Contender]) -> None:
        self.contenders = contenders
        self.priority = contenders[0].rule.priority
        self.saving = contenders[0].saving if len(contenders) == 1 else self._joint_saving
        self.outranked = [each.refusal(OUTRANKED) for each in contenders]
        self.no_saving = [each.refusal(NO_SAVING) for each in contenders]

    def shares(self, left: int, quantity: int) -> list[tuple[Contender, int]]:
        """What each takes off, from what the one before has left."""
        shares = []
        for each in self.contenders:
            saving = each.saving(left, quantity)
            shares.append((each, saving))
            left -= saving
        return shares

    def _joint_saving(self, left: int, quantity: int) -> int:
        return sum(saving for _each, saving in self.shares(left, quantity))


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

    def meant_for(self, item: Item) -> tuple[Contender, ...]:
        """Rules about the line, in their order."""
        found = {contender.place: contender for contender in self._everywhere}
        for key in (item.product_id, item.store_id, *item.category_ids):
            for contender in self._by_id.get(key, ()):
                if _is_meant(contender.rule, item):
                    found[contender.place] = contender
        return tuple(found[place] for place in sorted(found))


def _is_meant(rule: PriceRule, item: Item) -> bool:
    return (
        (not rule.product_ids or item.product_id in rule.product_ids)
        and (not rule.category_ids or not rule.category_ids.isdisjoint(item.category_ids))
        and (not rule.store_ids or item.store_id in rule.store_ids)
    )


def offers_of(contenders: Iterable[Contender]) -> list[Offer]:
    """An exclusive rule alone, the rules of a stack group together, any other rule alone; in their order."""
    together: dict[UUID | str, list[Contender]] = {}
    for contender in contenders:
        rule = contender.rule
        name = rule.stack_group if rule.stack_group and not rule.is_exclusive else rule.rule_id
        together.setdefault(name, []).append(contender)
    return [Offer(each) for each in together.values()]


def best_of(offers: Sequence[Offer], left: int, quantity: int) -> tuple[list[tuple[Contender, int]], list[Refused]]:
    """What applies to so many units that cost `left`, with its saving, and why the others do not.

    Of the offers that save something the highest priority wins, among equals the largest saving, then the first.
    """
    won: Offer | None = None
    most = 0
    refused: list[Refused] = []
    for place, offer in enumerate(offers):
        if won is not None and offer.priority < won.priority:
            for each in offers[place:]:
                refused += each.outranked
            break
        saving = offer.saving(left, quantity)
        if saving > most:
            if won is not None:
                refused += won.outranked
            won, most = offer, saving
        else:
            refused += offer.outranked if saving else offer.no_saving
    shares = [] if won is None else won.shares(left, quantity)
    refused += [each.refusal(NO_SAVING) for each, saving in shares if not saving]
    return [(each, saving) for each, saving in shares if saving], refused
