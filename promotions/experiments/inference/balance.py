"""Whether the units came in as they were shared out. If not, units were lost unevenly: nothing can be read."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from .distributions import chi_square_tail

ALARM_BELOW: Final = 0.001
"""An alarm means: do not read. One experiment in a thousand that is in order raises it, each time it is looked at."""


class Balance(NamedTuple):
    """The check's outcome. `expected` are units; without any unit there is nothing to say, and no alarm."""

    observed: tuple[int, ...]
    expected: tuple[float, ...]
    statistic: float
    df: int
    p_value: float

    @property
    def is_alarm(self) -> bool:
        """Whether the figures must not be read."""
        return self.p_value < ALARM_BELOW


def sample_ratio(observed: Sequence[int], shares: Sequence[int]) -> Balance:
    """Pearson's χ² = Σ(O − E)²/E of the units per variant against their shares, with k − 1 degrees of freedom.

    Source: Pearson 1900, Philosophical Magazine 50, 157–175; as a check before reading: Fabijan et al. 2019,
    "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments", KDD. Shares are weights, at least two, all
    positive.
    """
    if len(observed) != len(shares) or len(shares) < 2 or min(shares) <= 0:
        raise ValueError("a positive share for each of at least two variants")
    units, weights = sum(observed), sum(shares)
    expected = tuple(units * share / weights for share in shares)
    statistic = (
        sum((seen - wanted) ** 2 / wanted for seen, wanted in zip(observed, expected, strict=True)) if units else 0.0
    )
    df = len(shares) - 1
    return Balance(tuple(observed), expected, statistic, df, chi_square_tail(statistic, df))
