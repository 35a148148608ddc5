"""The ways a unit gets now: what serving asks."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from .running import running_experiments
from .splitting import assigned
from .values import AssignedVariant


def variants_for(unit: UUID | None, *, at: datetime) -> Mapping[str, AssignedVariant]:
    """The ways a unit gets at a moment, by knob. Empty when nothing runs, or the unit is outside, or there is none.

    From this process's copy: at most one glance at the shared cache, and a query only after a change (`running`). The
    unit must be the one its events will be counted by: `EngagementEvent.actor`.
    """
    if unit is None:
        return {}
    got: dict[str, AssignedVariant] = {}
    for each in running_experiments():
        if not each.is_on(at):
            continue
        variant_id = assigned(each.split, unit)
        if variant_id is not None:
            got[each.knob] = each.ways[variant_id]
    return got
