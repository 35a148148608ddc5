"""A figure for the dashboard, as each context's `facade.kpis()` gives it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kpi:
    """`link` is a URL name of the rows behind the figure; `label` may be a lazy translation."""

    label: Any
    value: str
    link: str = ""
