"""What one rule saves: integer arithmetic in minor units, halves rounded up, never below zero."""

from collections.abc import Iterable

from promotions.contracts import Benefit, BenefitKind, PriceRule

WHOLE = 10_000
"""Basis points of all there is."""
_OF_LINES = frozenset({BenefitKind.PERCENTAGE, BenefitKind.AMOUNT, BenefitKind.FIXED_PRICE, BenefitKind.BUY_X_GET_Y})
_OF_ORDERS = frozenset({BenefitKind.PERCENTAGE, BenefitKind.AMOUNT})


def takes_off(rule: PriceRule) -> bool:
    """Whether the rule makes goods cheaper; others only send for free or multiply points."""
    kinds = _OF_ORDERS if rule.is_about_orders else _OF_LINES
    return any(benefit.kind in kinds for benefit in rule.benefits)


def sends_free(rule: PriceRule) -> bool:
    """Whether sending costs nothing with it."""
    return any(benefit.kind == BenefitKind.FREE_SHIPPING for benefit in rule.benefits)


def points_of(rule: PriceRule) -> int:
    """How points count with it, in basis points; zero where it says nothing about them."""
    return max(
        (benefit.basis_points for benefit in rule.benefits if benefit.kind == BenefitKind.POINTS_MULTIPLIER), default=0
    )


def line_saving(rule: PriceRule, left: int, quantity: int) -> int:
    """What the rule takes off a line that costs `left` so far; its benefits one after the other."""
    before = left
    for benefit in rule.benefits:
        left -= min(left, _line_benefit(benefit, left, quantity))
    return before - left


def order_saving(rule: PriceRule, left: int) -> int:
    """What the rule takes off goods that cost `left` so far."""
    before = left
    for benefit in rule.benefits:
        if benefit.kind == BenefitKind.PERCENTAGE:
            left -= part_of(left, benefit.basis_points)
        elif benefit.kind == BenefitKind.AMOUNT:
            left -= min(left, benefit.minor)
    return before - left


def joint_saving(rules: Iterable[PriceRule], left: int, quantity: int) -> list[int]:
    """What each of several rules takes off a line, each from what the one before has left."""
    savings = []
    for rule in rules:
        saving = line_saving(rule, left, quantity)
        savings.append(saving)
        left -= saving
    return savings


def order_savings(rules: Iterable[PriceRule], left: int) -> list[int]:
    """The same for goods as a whole."""
    savings = []
    for rule in rules:
        saving = order_saving(rule, left)
        savings.append(saving)
        left -= saving
    return savings


def part_of(minor: int, basis_points: int, among: int = 1) -> int:
    """A share of an amount that is not negative, or of one of so many equal parts of it; halves rounded up."""
    whole = WHOLE * among
    return (minor * basis_points * 2 + whole) // (2 * whole)


def _line_benefit(benefit: Benefit, left: int, quantity: int) -> int:
    match benefit.kind:
        case BenefitKind.PERCENTAGE:
            return part_of(left, benefit.basis_points)
        case BenefitKind.AMOUNT:
            return benefit.minor * quantity
        case BenefitKind.FIXED_PRICE:
            return max(0, left - benefit.minor * quantity)
        case BenefitKind.BUY_X_GET_Y:
            # Units of one variant cost the same: the cheaper ones are any of them.
            cheaper = quantity // (benefit.buy + benefit.get) * benefit.get
            return part_of(left * cheaper, benefit.basis_points, quantity)
    return 0
