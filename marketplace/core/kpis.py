"""A figure for the dashboard, as each context's `facade.kpis()` gives it."""

from dataclasses import dataclass
from typing import Any

from .money import Money


@dataclass(frozen=True, slots=True)
class Kpi:
    """`link` is a URL name of the rows behind the figure; `label` may be a lazy translation."""

    label: Any
    value: str
    link: str = ""


def shown_amount(money: Money) -> str:
    """An amount as a person reads it at a glance: 2,504,480.45 MXN."""
    return f"{money.decimal:,f} {money.currency}"
