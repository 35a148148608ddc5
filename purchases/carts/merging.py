"""Strategies for merging a stranger's cart into the account's at log-in. Pure: values in, values out.

The setting CART_MERGE_STRATEGY names one by its dotted path: a callable `(MergeScene) -> Sequence[Outcome]`, one
outcome for each of the scene's lines. Lines of the account's cart are never made smaller.
"""

from collections.abc import Callable, Sequence

from django.conf import settings
from django.utils.module_loading import import_string

from .models import CartLine
from .values import MOST_LINES, Lack, MergeLine, MergeResult, MergeScene, Outcome

Strategy = Callable[[MergeScene], Sequence[Outcome]]

ACCOUNT_CART_KEPT = "account_cart_kept"


def strategy() -> Strategy:
    """The one that the setting names."""
    chosen: Strategy = import_string(settings.CART_MERGE_STRATEGY)
    return chosen


def sum_up_to_stock(scene: MergeScene) -> list[Outcome]:
    """Quantities of the same variant add up, as far as stock and the limit of a line go.

    What cannot be bought now is dropped, and so are lines in another currency than the account's cart and lines
    beyond the limit of a cart.
    """
    room = MOST_LINES - scene.account_lines_count
    currency = scene.currency
    outcomes = []
    for line in scene.lines:
        outcome = _summed(line, currency or line.currency, has_room=line.held > 0 or room > 0)
        if outcome.result is not MergeResult.DROPPED:
            currency = currency or line.currency
            room -= line.held == 0
        outcomes.append(outcome)
    return outcomes


def keep_account(scene: MergeScene) -> list[Outcome]:
    """An account's cart that has lines stays as it is; an empty one takes the stranger's lines over."""
    if scene.account_lines_count == 0:
        return sum_up_to_stock(scene)
    return [_dropped(line, ACCOUNT_CART_KEPT) for line in scene.lines]


def _summed(line: MergeLine, currency: str, *, has_room: bool) -> Outcome:
    if line.currency != currency:
        return _dropped(line, Lack.CURRENCY_MISMATCH)
    if not line.is_sellable:
        return _dropped(line, Lack.NOT_SELLABLE)
    if not has_room:
        return _dropped(line, "cart_full")
    wanted = line.held + line.quantity
    most = min(CartLine.MOST, line.available)
    if wanted <= most:
        return Outcome(line.variant_id, line.quantity, wanted, MergeResult.MERGED)
    reason = Lack.INSUFFICIENT_STOCK.value if line.available < min(wanted, CartLine.MOST) else "line_limit"
    if most <= line.held:
        return _dropped(line, reason)
    return Outcome(line.variant_id, line.quantity, most, MergeResult.CAPPED, reason)


def _dropped(line: MergeLine, reason: str) -> Outcome:
    return Outcome(line.variant_id, line.quantity, line.held, MergeResult.DROPPED, str(reason))
