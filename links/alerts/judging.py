"""Whether a price crossed an alert's line. Pure: an alert, a price, what becomes of the alert.

A target tells when the price reaches it, and again only after the price was behind it by more than the hysteresis. A
percentage tells when the price has moved so far from its reference, which then is the price that was told; from there
it takes more than the hysteresis to be told again, however small the percentage. Where only one direction is watched,
the reference follows a price that moves as far in the other one, so that a fall is measured from where it began.
"""

from dataclasses import dataclass, replace
from enum import Enum

from marketplace.core.money import Money

DOWN, UP, BOTH = "down", "up", "both"


@dataclass(frozen=True, slots=True)
class Watch:
    """An alert as judging needs it. Amounts in minor units of `currency`, which is empty until a price is known.

    Exactly one of `target` and `percent` is there. `has_told`: somebody was told by it since it was last set.
    """

    direction: str
    target: int | None
    percent: int | None
    reference: int | None
    currency: str
    is_armed: bool
    has_told: bool


class Outcome(Enum):
    """What a price means to an alert."""

    NOTHING = "nothing"
    TELL = "tell"
    # Ready (again): behind its line, or measuring from another price.
    REARM = "rearm"
    # The shop changed its currency: nothing can be compared.
    DISARM = "disarm"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, which way the price went (of TELL), and the alert afterwards."""

    outcome: Outcome
    after: Watch
    direction: str = ""


def judge(watch: Watch, price: Money | None, *, hysteresis: int) -> Verdict:
    """What the price means to the alert; `hysteresis` in percent. Judging the same price again means nothing."""
    if price is None:
        return Verdict(Outcome.NOTHING, watch)
    if watch.currency and watch.currency != price.currency:
        return Verdict(Outcome.DISARM, replace(watch, is_armed=False)) if watch.is_armed else _nothing(watch)
    known = replace(watch, currency=price.currency)
    if known.percent is None:
        return _by_target(known, price.minor, known.target or 0, hysteresis)
    if known.reference is None or not known.is_armed:
        return Verdict(Outcome.REARM, _measuring_from(known, price.minor))
    return _by_percent(known, price.minor, known.reference, known.percent, hysteresis)


def _nothing(watch: Watch) -> Verdict:
    return Verdict(Outcome.NOTHING, watch)


def _by_target(watch: Watch, price: int, target: int, hysteresis: int) -> Verdict:
    if watch.direction == DOWN:
        is_crossed, is_behind = price <= target, price * 100 > target * (100 + hysteresis)
    else:
        is_crossed, is_behind = price >= target, price * 100 < target * (100 - hysteresis)
    if watch.is_armed and is_crossed:
        return Verdict(Outcome.TELL, replace(watch, is_armed=False, has_told=True), watch.direction)
    if not watch.is_armed and is_behind:
        return Verdict(Outcome.REARM, replace(watch, is_armed=True))
    return _nothing(watch)


def _by_percent(watch: Watch, price: int, reference: int, percent: int, hysteresis: int) -> Verdict:
    moved = (price - reference) * 100
    # Once it has told, a tremble around what was told is never news.
    if abs(moved) < percent * reference or (watch.has_told and abs(moved) <= hysteresis * reference):
        return _nothing(watch)
    way = DOWN if moved < 0 else UP
    after = _measuring_from(watch, price)
    if watch.direction in {way, BOTH}:
        return Verdict(Outcome.TELL, replace(after, has_told=True), way)
    return Verdict(Outcome.REARM, after)


def _measuring_from(watch: Watch, price: int) -> Watch:
    return replace(watch, reference=price, is_armed=True)
