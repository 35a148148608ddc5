"""The law of decayed sums: how much an event still weighs, and how two sums become one; in Python and in SQL.

A sum `(S, t)` says: at the moment `t` it is `S`. Later it is `S · 2^(−Δ/H)`, `H` the half-life. Two sums are brought to
the later of their moments and added. That is associative and commutative, so neither late events nor the order in which
workers come change what is counted (but for the last bits of a float).

Another half-life and another moment give another number but never another order: `log_key` says so without a clamp.
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

LOWEST_EXPONENT: Final = -40.0
"""Nothing weighs less than e^-40 of what it did (4e-18): PostgreSQL refuses to compute what a double cannot hold."""
HOUR: Final = 3600.0
NOTHING: Final = -1_000_000.0
"""The key of what has no sum at all; a hundred years of idling at the shortest half-life come before it."""

_SECONDS = {
    # Microseconds, as Django counts them on SQLite; julian days would round.
    "sqlite": "(django_timestamp_diff({later}, {earlier}) / 1000000.0)",
    "postgresql": "CAST(EXTRACT(EPOCH FROM ({later}) - ({earlier})) AS double precision)",
}


class Decayed(NamedTuple):
    """A sum and the moment it is of."""

    value: float
    moment: datetime


def rate(half_life_hours: float) -> float:
    """ln 2 / H, per second: what elapsed seconds are multiplied by."""
    return math.log(2.0) / (half_life_hours * HOUR)


def factor(elapsed: float, per_unit: float) -> float:
    """What is left of 1 after so much time, at least e^-40; a moment that is not later takes nothing away.

    Seconds, as `rate` has it; or in any other unit, with the rate by that unit.
    """
    return math.exp(max(LOWEST_EXPONENT, -per_unit * max(0.0, elapsed)))


def at(sum_: Decayed, moment: datetime, per_second: float) -> float:
    """What the sum is at a moment that is not earlier than its own."""
    return sum_.value * factor((moment - sum_.moment).total_seconds(), per_second)


def merge(one: Decayed, other: Decayed, per_second: float) -> Decayed:
    """Both together, as of the later moment."""
    moment = max(one.moment, other.moment)
    return Decayed(at(one, moment, per_second) + at(other, moment, per_second), moment)


def merge_all(sums: Iterable[Decayed], per_second: float) -> Decayed:
    """All together, as of the latest moment; raises `ValueError` for none."""
    listed = list(sums)
    moment = max(each.moment for each in listed)
    return Decayed(math.fsum(at(each, moment, per_second) for each in listed), moment)


def log_key(sum_: Decayed, moment: datetime, half_life_hours: float) -> float:
    """`log2 S + (t − moment) / H`, the leaderboard's key: sums compare as their values at any one moment do.

    Unclamped: what has been idle for years still has an order. `NOTHING` for nothing.
    """
    if sum_.value <= 0.0:
        return NOTHING
    return math.log2(sum_.value) + (sum_.moment - moment).total_seconds() / (half_life_hours * HOUR)


def of_key(key: float) -> float:
    """The sum at the moment that its key is of."""
    lowest = LOWEST_EXPONENT / math.log(2.0)
    return 2.0 ** max(lowest, min(-lowest, key)) if key > NOTHING else 0.0


def hour_of(moment: datetime) -> datetime:
    """The hour (UTC) that a moment belongs to; events count as of its beginning."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def seconds_sql(vendor: str, *, earlier: str, later: str) -> str:
    """The seconds between two moments, which are expressions."""
    return _SECONDS[vendor].format(earlier=earlier, later=later)


def factor_sql(vendor: str, elapsed: str, per_unit: str) -> str:
    """`factor`, of expressions."""
    greatest, least = ("MAX", "MIN") if vendor == "sqlite" else ("GREATEST", "LEAST")
    return f"EXP({greatest}({LOWEST_EXPONENT}, {least}(0.0, -{per_unit} * {elapsed})))"
