"""Who comes when, and what they do: decided by a seed beforehand, so that a run can be played again."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

EAGER_SHARE = 0.6
"""So many of the customers wait for the moment; the others hear of it and come later."""
EAGER_MEAN_SECONDS = 1.5
PAYING_SHARE = 0.75
"""So many of those who get a unit pay for it; the others let their minute pass."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One customer. Seconds count from the promotion's start; `thinks_seconds` from the moment a unit is theirs."""

    number: int
    arrives_at: float
    pays: bool
    thinks_seconds: float
    patience_seconds: float


def plan_minute(*, customers: int, seconds: float, seed: int) -> list[Visitor]:
    """Visitors in order of arrival, all within `seconds`.

    The eager ones come exponentially fast after the start, the rest evenly spread; that is how on-sale minutes look.
    """
    dice = random.Random(seed)  # noqa: S311 - a plan, not a secret
    return sorted(_visitors(dice, customers, seconds), key=lambda visitor: visitor.arrives_at)


def _visitors(dice: random.Random, customers: int, seconds: float) -> Iterator[Visitor]:
    for number in range(customers):
        is_eager = dice.random() < EAGER_SHARE
        arrives = dice.expovariate(1 / EAGER_MEAN_SECONDS) if is_eager else dice.uniform(0, seconds)
        yield Visitor(
            number=number,
            arrives_at=min(arrives, seconds),
            pays=dice.random() < PAYING_SHARE,
            thinks_seconds=dice.uniform(1, 20),
            patience_seconds=dice.uniform(5, seconds),
        )
