"""What an analysis answers with."""

from typing import NamedTuple


class Estimate(NamedTuple):
    """A figure and the interval that holds the truth at the stated rate; none where there is too little to say."""

    value: float
    low: float | None
    high: float | None


class Difference(NamedTuple):
    """A variant's figure minus the control's, with its standard error, interval and two-sided p-value.

    The interval may be another method's than the p-value (see each function): close to its edge they may disagree.
    """

    value: float
    error: float
    low: float
    high: float
    p_value: float
