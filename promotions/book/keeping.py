"""This process's copy of the rule book.

Each use asks for the version, in the reader's own transaction; while it is the copy's, the copy is the answer. The
version has a token, so that a number that was rolled back and given again is not taken for the same state.
"""

from typing import NamedTuple

from promotions.campaigns import selectors as campaigns
from promotions.contracts import PriceRule, RuleBook
from promotions.discounts import selectors as discounts
from promotions.rules.versions import NO_RULES, Stamp, read_stamp

_ATTEMPTS = 5


class _Copy(NamedTuple):
    stamp: Stamp
    book: RuleBook


class _Keeper:
    def __init__(self) -> None:
        # Replaced as a whole: readers need no lock, and two who read at once read the same.
        self._copy = _Copy(NO_RULES, RuleBook(0, ()))

    def book(self) -> RuleBook:
        stamp, copy = read_stamp(), self._copy
        if copy.stamp != stamp:
            self._copy = copy = _read(stamp)
        return copy.book


_keeper = _Keeper()


def rule_book() -> RuleBook:
    """Every rule that is switched on, whatever its moment: discounts that are active, campaigns scheduled or active.

    One small query while nothing has changed; otherwise the rules are read anew, in a constant number of queries.
    """
    return _keeper.book()


def _read(stamp: Stamp) -> _Copy:
    """The rules of one state: read again where somebody changed them between two queries."""
    for _attempt in range(_ATTEMPTS):
        rules = [*discounts.price_rules(), *campaigns.price_rules()]
        before, stamp = stamp, read_stamp()
        if before == stamp:
            break
    # Still changing: the copy is of the version before its reading, and old at the next use.
    return _Copy(before, RuleBook(before.version, tuple(sorted(rules, key=_order))))


def _order(rule: PriceRule) -> tuple[int, str]:
    return -rule.priority, str(rule.rule_id)
