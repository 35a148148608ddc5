"""Rules that compete: which are meant for a line, which go together, which of them win."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

from promotions.contracts import PriceRule, RefusedRule

from .savings import least_rate, part_of, rate_of, saving_of, takes_off
from .values import Item, Refused

Judged = tuple[PriceRule, Sequence[RefusedRule]]
"""A rule, and the conditions of buyer, moment, ticket, coupon and limits that it fails."""

OUTRANKED: Final = "outranked"
NO_SAVING: Final = "no_saving"
FINAL_PRICE: Final = "final_price"
WORTH_MORE: Final = "worth_more"


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

    __slots__ = ("contenders", "no_saving", "outranked", "priority", "rate", "saving")

    def __init__(self, contenders: list[Contender]) -> None:
        self.contenders = contenders
        self.priority = contenders[0].rule.priority
        self.saving = contenders[0].saving if len(contenders) == 1 else self._joint_saving
        self.rate = rate_of(contenders[0].rule) if len(contenders) == 1 else None
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


_Shelf = dict[UUID, list[tuple[Contender, bool]]]
"""Rules by an id of one kind, with whether it says it all: most rules are about one kind of thing."""


class Shelves:
    """Rules by what they are about, so that a line meets only those that may be meant for it."""

    def __init__(self, contenders: Iterable[Contender]) -> None:
        self._everywhere: list[Contender] = []
        self._products: _Shelf = {}
        self._categories: _Shelf = {}
        self._stores: _Shelf = {}
        for contender in contenders:
            rule = contender.rule
            places = (
                (self._products, rule.product_ids),
                (self._categories, rule.category_ids),
                (self._stores, rule.store_ids),
            )
            narrowed = [(shelf, ids) for shelf, ids in places if ids]
            if not narrowed:
                self._everywhere.append(contender)
                continue
            shelf, ids = narrowed[0]
            for each in ids:
                shelf.setdefault(each, []).append((contender, len(narrowed) == 1))

    def meant_for(self, item: Item) -> tuple[Contender, ...]:
        """Rules about the line, in their order."""
        found = {contender.place: contender for contender in self._everywhere}
        shelves = [self._products.get(item.product_id, ()), self._stores.get(item.store_id, ())]
        shelves += [self._categories.get(category_id, ()) for category_id in item.category_ids]
        for shelf in shelves:
            for contender, is_enough in shelf:
                if is_enough or _is_meant(contender.rule, item):
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


class Rivals:
    """Offers that compete, by priority, highest first. Many lines have the same: what they share is made once."""

    __slots__ = ("_lost", "_offers", "_tiers")

    def __init__(self, offers: Sequence[Offer]) -> None:
        self._offers = offers
        places = groupby(range(len(offers)), key=lambda place: offers[place].priority)
        self._tiers = [_Tier(offers, list(equals)) for _priority, equals in places]
        self._lost: dict[int, list[Refused]] = {}

    def best(self, left: int, quantity: int) -> tuple[list[tuple[Contender, int]], Sequence[Refused]]:
        """What applies to so many units that cost `left`, with its saving, and why the others do not.

        Of the offers that save something the highest priority wins, among equals the largest saving, then the first.
        """
        for tier in self._tiers:
            place, least = tier.best(left, quantity)
            if place is not None:
                break
        else:
            return [], [each for offer in self._offers for each in offer.no_saving]
        some_idle = not least or tier.places[0] > 0
        refused = self._lost_in(tier, place, left, quantity) if some_idle else self._lost_to(place)
        shares = self._offers[place].shares(left, quantity)
        if len(shares) > 1:
            refused = refused + [each.refusal(NO_SAVING) for each, saving in shares if not saving]
            shares = [(each, saving) for each, saving in shares if saving]
        return shares, refused

    def _lost_to(self, place: int) -> list[Refused]:
        """Every other offer saves something but less, or comes too late to be asked."""
        lost = self._lost.get(place)
        if lost is None:
            lost = self._lost[place] = [
                refused for other, offer in enumerate(self._offers) if other != place for refused in offer.outranked
            ]
        return lost

    def _lost_in(self, tier: "_Tier", place: int, left: int, quantity: int) -> list[Refused]:
        """What comes before the tier saves nothing, as some in it; what comes after it is not asked."""
        refused: list[Refused] = []
        for other, offer in enumerate(self._offers):
            if other != place:
                is_asked = other in tier.places
                is_idle = other < tier.places[0] or (is_asked and not offer.saving(left, quantity))
                refused += offer.no_saving if is_idle else offer.outranked
        return refused


class _Tier:
    """Offers of one priority. Of those that take a share the highest rate saves most: they are not asked one by one."""

    __slots__ = ("_by_rate", "_lowest", "_others", "_rates", "places")

    def __init__(self, offers: Sequence[Offer], places: list[int]) -> None:
        self.places = range(places[0], places[-1] + 1)
        self._others = [(place, offers[place].saving) for place in places if offers[place].rate is None]
        # Rates that are higher than all before them, and where they are: whoever is not among them never wins.
        self._rates: list[int] = []
        self._by_rate: list[int] = []
        rates = [(rate, place) for place in places if (rate := offers[place].rate) is not None]
        for rate, place in rates:
            if not self._rates or rate > self._rates[-1]:
                self._rates.append(rate)
                self._by_rate.append(place)
        self._lowest = min((rate for rate, _place in rates), default=0)

    def best(self, left: int, quantity: int) -> tuple[int | None, int]:
        """The place of the first that saves most, None where none saves anything, and the least that one saves."""
        best, most, least = None, 0, left + 1
        if self._rates:
            most, least = part_of(left, self._rates[-1]), part_of(left, self._lowest)
            if most:
                # Shares are rounded: a lower rate that comes first may save as much.
                best = self._by_rate[bisect_left(self._rates, least_rate(left, most))]
        for place, saving in self._others:
            saved = saving(left, quantity)
            least = min(least, saved)
            if saved > most or (saved and saved == most and best is not None and place < best):
                best, most = place, saved
        return best, least
