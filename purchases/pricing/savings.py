"""What one rule saves: integer arithmetic in minor units, halves rounded up, never more than there is."""

from collections.abc import Callable
from typing import Final

from promotions.contracts import Benefit, BenefitKind, PriceRule

WHOLE: Final = 10_000
"""Basis points of all there is."""
Saving = Callable[[int, int], int]
"""From what so many units cost so far to what comes off: `saving(left, quantity)`."""

_OF_LINES: Final = frozenset(
    {BenefitKind.PERCENTAGE, BenefitKind.AMOUNT, BenefitKind.FIXED_PRICE, BenefitKind.BUY_X_GET_Y}
)
_OF_ORDERS: Final = frozenset({BenefitKind.PERCENTAGE, BenefitKind.AMOUNT})


def takes_off(rule: PriceRule) -> bool:
    """Whether the rule makes goods cheaper; others only send for free or multiply points."""
    return bool(_price_benefits(rule))


def sends_free(rule: PriceRule) -> bool:
    """Whether sending costs nothing with it."""
    return any(benefit.kind == BenefitKind.FREE_SHIPPING for benefit in rule.benefits)


def points_of(rule: PriceRule) -> int:
    """How points count with it, in basis points; zero where it says nothing about them."""
    return max(
        (benefit.basis_points for benefit in rule.benefits if benefit.kind == BenefitKind.POINTS_MULTIPLIER), default=0
    )


def saving_of(rule: PriceRule) -> Saving:
    """What the rule takes off a line, or off goods as a whole (one unit of them); its benefits one after the other."""
    savings = [_saving(benefit) for benefit in _price_benefits(rule)]
    if len(savings) == 1:
        return savings[0]

    def all_of_them(left: int, quantity: int) -> int:
        before = left
        for saving in savings:
            left -= saving(left, quantity)
        return before - left

    return all_of_them


def rate_of(rule: PriceRule) -> int | None:
    """The basis points of a rule that takes a share of what a line costs and nothing else; none for any other rule."""
    benefits = _price_benefits(rule)
    is_share = len(benefits) == 1 and benefits[0].kind == BenefitKind.PERCENTAGE
    return benefits[0].basis_points if is_share else None


def least_rate(minor: int, saving: int) -> int:
    """The fewest basis points that take so much off so much: `part_of` the other way round."""
    return -((WHOLE - 2 * WHOLE * saving) // (2 * minor))


def part_of(minor: int, basis_points: int, among: int = 1) -> int:
    """A share of an amount that is not negative, or of one of so many equal parts of it; halves rounded up."""
    whole = WHOLE * among
    return (minor * basis_points * 2 + whole) // (2 * whole)


def _price_benefits(rule: PriceRule) -> list[Benefit]:
    kinds = _OF_ORDERS if rule.is_about_orders else _OF_LINES
    return [benefit for benefit in rule.benefits if benefit.kind in kinds]


def _saving(benefit: Benefit) -> Saving:
    basis_points, minor, buy, get = benefit.basis_points, benefit.minor, benefit.buy, benefit.get
    match benefit.kind:
        case BenefitKind.PERCENTAGE:
            # `part_of`, without a call: this is asked for every rule and line.
            return lambda left, _quantity: (left * basis_points * 2 + WHOLE) // (2 * WHOLE)
        case BenefitKind.AMOUNT:
            return lambda left, quantity: min(left, minor * quantity)
        case BenefitKind.FIXED_PRICE:
            return lambda left, quantity: max(0, left - minor * quantity)
        case BenefitKind.BUY_X_GET_Y:
            # Units of one variant cost the same: the cheaper ones are any of them.
            return lambda left, quantity: part_of(left * (quantity // (buy + get) * get), basis_points, quantity)
    raise ValueError(f"{benefit.kind} takes nothing off")
