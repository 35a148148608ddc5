"""The discount matrix: levels × categories, with what runs or is to come in each cell. Two queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from marketplace.core import access
from marketplace.core.access import Reach

from .models import TIERS, Discount
from .selectors import DEPARTMENT_PATH


@dataclass(frozen=True, slots=True)
class Cell:
    """What customers of a level get off a category."""

    tier: str
    running: Sequence[Discount]
    to_come: Sequence[Discount]


@dataclass(frozen=True, slots=True)
class Row:
    """A category, how deep it lies, whose it is, and a cell for each level."""

    category_id: UUID
    name: str
    depth: int
    department: str
    may_write: bool
    cells: Sequence[Cell]


def discount_matrix(reads: Reach, writes: Reach, at: datetime) -> list[Row]:
    """The categories within reach, department by department, each above what is below it."""
    found: dict[tuple[UUID, str], list[Discount]] = defaultdict(list)
    ahead = Discount.objects.switched_on().filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at))
    for discount in access.within(ahead, reads, department_path=DEPARTMENT_PATH).order_by("-priority", "pk"):
        found[discount.category_id, discount.tier].append(discount)
    categories: Any = Discount._meta.get_field("category").related_model
    rows = access.within(categories._default_manager.select_related("department"), reads, department_path="department")
    return [
        Row(
            category_id=category.pk,
            name=category.name,
            depth=len(category.path) // category.STEP - 1,
            department=category.department.name,
            may_write=writes.covers(department_id=category.department_id),
            cells=[_cell(tier, found[category.pk, tier], at) for tier, _label in TIERS],
        )
        for category in rows.order_by("department__name", "department", "path")
    ]


def _cell(tier: str, discounts: Sequence[Discount], at: datetime) -> Cell:
    running = [discount for discount in discounts if discount.starts_at <= at]
    return Cell(tier, running, [discount for discount in discounts if discount.starts_at > at])
