"""The price pipeline: from list prices to what is charged, and why. Pure: the same values give the same quote.

1. A line costs its list price; a unit that the buyer holds of a flash promotion costs that promotion's price.
2. Rules about lines. Offers compete for each line: an exclusive rule alone, the rules of a stack group together, any
   other rule alone. Of the offers that save something the one with the highest priority wins, among equals the one that
   saves most. Rules of a group apply in order of priority, each to what the one before has left.
3. Rules about orders compete in the same way for the goods as a whole; what the winner takes off is spread over the
   lines (largest remainder), so that lines always add up to the order.
4. A loyalty reward, likewise, from what is left; never for less than it is worth.
5. Free sending, and the best multiplier of points: beside the offers, for they lower no price of goods.

Flash prices, and what an exclusive rule has priced, take part in nothing further. Every benefit is rounded on its own,
halves up, and never takes more than there is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from marketplace.core.money import CurrencyMismatchError, Money
from promotions.contracts import BenefitKind

from .offers import FINAL_PRICE, NO_SAVING, WORTH_MORE, Contender, Judged, Rivals, Shelves, offers_of, ranked
from .savings import points_of, sends_free
from .values import NOT_FOR_THESE, Applied, Item, PricedItem, PricedShipping, Quote, Refused, Sending

FLASH, LOYALTY = "flash", "loyalty"
ONCE = 10_000
"""Points count once."""


@dataclass(slots=True)
class _Line:
    """A line while it is being priced, in minor units."""

    item: Item
    left: int
    is_final: bool = False
    applied: list[Applied] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


@dataclass(slots=True)
class _Order:
    """The order while it is being priced."""

    currency: str
    lines: list[_Line]
    applied: list[Applied] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    # Rules that apply, and the stores whose goods they apply to: what else they give they give there.
    in_force: dict[UUID, set[UUID]] = field(default_factory=dict)

    def applied_one(self, rule: Contender, minor: int) -> Applied:
        """A benefit of this rule, worth so much."""
        of = rule.rule
        return Applied(of.rule_id, of.kind, of.version, of.name, Money(minor, self.currency))


def ticket_of(items: Iterable[Item]) -> int:
    """What a minimum ticket is compared with: goods at list prices, held units at their promotion's; minor units."""
    return sum(first_price(item) for item in items)


def first_price(item: Item) -> int:
    """The list price in minor units, or the promotion's for a held unit: never more than the shelf asks by now."""
    listed = item.list_total.minor
    return listed if item.flash is None else min(listed, item.flash.price.minor * item.quantity)


def price(
    items: Sequence[Item],
    *,
    currency: str,
    rules: Iterable[Judged] = (),
    shipping: Mapping[UUID, Sending] | None = None,
) -> Quote:
    """What the items cost together. The order in which rules are given changes nothing.

    `shipping` is what each store asks for sending its part. Raises `CurrencyMismatchError` for a price in another
    currency.
    """
    contenders = ranked(rules)
    order = _Order(currency, [_begin(item, currency) for item in items])
    _price_lines(order, [each for each in contenders if not each.rule.is_about_orders])
    about_orders = [each for each in contenders if each.rule.is_about_orders]
    _price_order(order, [each for each in about_orders if each.rule.kind != LOYALTY])
    _price_order(order, [each for each in about_orders if each.rule.kind == LOYALTY])
    in_force = [each for each in contenders if each.rule.rule_id in order.in_force]
    sent = _send(order, [each for each in in_force if sends_free(each.rule)], shipping or {})
    points = _multiply_points(order, [each for each in in_force if points_of(each.rule)])
    _explain_idle(order, in_force)
    return Quote(
        currency=currency,
        items=tuple(
            PricedItem(line.item, Money(line.left, currency), tuple(line.applied), tuple(line.refused))
            for line in order.lines
        ),
        shipping=sent,
        applied=tuple(order.applied),
        refused=tuple(order.refused),
        points_bp=points,
    )


def _begin(item: Item, currency: str) -> _Line:
    for each in (item.list_price, *([item.flash.price] if item.flash else [])):
        if each.currency != currency:
            raise CurrencyMismatchError(left=each.currency, right=currency)
    line = _Line(item, first_price(item))
    if item.flash is not None:
        saved = item.list_total.minor - line.left
        line.applied.append(Applied(item.flash.promo_id, FLASH, item.flash.version, "", Money(saved, currency)))
        line.is_final = True
    return line


def _price_lines(order: _Order, contenders: Sequence[Contender]) -> None:
    shelves = Shelves(contenders)
    known: dict[tuple[Contender, ...], _Meeting] = {}
    for line in order.lines:
        meant = shelves.meant_for(line.item)
        meeting = known.get(meant)
        if meeting is None:
            meeting = known[meant] = _Meeting(meant)
        _price_line(order, line, meeting)
    reached = {each.place for meant in known for each in meant}
    order.refused.extend(each.refusal(NOT_FOR_THESE) for each in contenders if each.place not in reached)


class _Meeting:
    """The rules that meet at a line, by what becomes of them; many lines have the same."""

    __slots__ = ("beside", "failed", "rivals", "too_late")

    def __init__(self, meant: Sequence[Contender]) -> None:
        self.failed = [refused for each in meant for refused in each.failed]
        good = [each for each in meant if not each.failed]
        self.beside = [each for each in good if not each.takes_off]
        self.rivals = Rivals(offers_of(each for each in good if each.takes_off))
        self.too_late = [each.refusal(FINAL_PRICE) for each in good if each.takes_off]


def _price_line(order: _Order, line: _Line, meeting: _Meeting) -> None:
    line.refused += meeting.failed
    for each in meeting.beside:
        _enforce(order, each, [line])
    if line.is_final:
        line.refused += meeting.too_late
        return
    applied, refused = meeting.rivals.best(line.left, line.item.quantity)
    line.refused += refused
    for each, saving in applied:
        line.left -= saving
        line.applied.append(order.applied_one(each, saving))
        line.is_final = line.is_final or each.rule.is_exclusive
        _enforce(order, each, [line])


def _price_order(order: _Order, contenders: Sequence[Contender]) -> None:
    good = []
    for each in contenders:
        if each.failed:
            order.refused.extend(each.failed)
        elif each.takes_off:
            good.append(each)
        else:
            _enforce(order, each, order.lines)
    open_lines = [line for line in order.lines if not line.is_final]
    goods = sum(line.left for line in open_lines)
    order.refused.extend(each.refusal(WORTH_MORE) for each in good if _is_worth_more(each, goods))
    good = [each for each in good if not _is_worth_more(each, goods)]
    if not good:
        return
    applied, refused = Rivals(offers_of(good)).best(goods, 1)
    order.refused.extend(refused)
    for each, saving in applied:
        order.applied.append(order.applied_one(each, saving))
        _spread(order, each, saving, open_lines)
        _enforce(order, each, order.lines)


def _is_worth_more(each: Contender, goods: int) -> bool:
    """Whether it is a reward that would go for less than it is worth: it applies by itself, and is gone then."""
    amounts = (benefit.minor for benefit in each.rule.benefits if benefit.kind == BenefitKind.AMOUNT)
    return each.rule.kind == LOYALTY and sum(amounts) > goods


def _spread(order: _Order, each: Contender, saving: int, lines: Sequence[_Line]) -> None:
    shares = Money(saving, order.currency).allocate([line.left for line in lines])
    for line, share in zip(lines, shares, strict=True):
        line.left -= share.minor
        line.is_final = each.rule.is_exclusive
        if share:
            line.applied.append(order.applied_one(each, share.minor))


def _enforce(order: _Order, each: Contender, lines: Iterable[_Line]) -> None:
    order.in_force.setdefault(each.rule.rule_id, set()).update(line.item.store_id for line in lines)


def _send(order: _Order, free: Sequence[Contender], shipping: Mapping[UUID, Sending]) -> tuple[PricedShipping, ...]:
    saved = dict.fromkeys((each.place for each in free), 0)
    sent = []
    for store_id, sending in shipping.items():
        asked = sending.price
        if asked.currency != order.currency:
            raise CurrencyMismatchError(left=asked.currency, right=order.currency)
        giver = next((each for each in free if store_id in order.in_force[each.rule.rule_id]), None)
        if giver is not None:
            saved[giver.place] += asked.minor
        price_ = asked if giver is None else Money.zero(order.currency)
        sent.append(PricedShipping(store_id, asked, price_, sending.rate))
    order.applied.extend(order.applied_one(each, saved[each.place]) for each in free if saved[each.place])
    return tuple(sent)


def _multiply_points(order: _Order, multiplying: Sequence[Contender]) -> int:
    if not multiplying:
        return ONCE
    best = max(multiplying, key=lambda each: (points_of(each.rule), -each.place))
    if all(each.rule_id != best.rule.rule_id for each in order.applied):
        order.applied.append(order.applied_one(best, 0))
    return points_of(best.rule)


def _explain_idle(order: _Order, in_force: Iterable[Contender]) -> None:
    """Rules that could only send for free or multiply points, where that came to nothing."""
    told = {each.rule_id for each in order.applied}
    order.refused.extend(
        each.refusal(NO_SAVING) for each in in_force if not each.takes_off and each.rule.rule_id not in told
    )
