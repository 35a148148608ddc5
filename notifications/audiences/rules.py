"""An audience as a fan-out keeps it: JSON that is read back as the same value."""

from datetime import datetime
from typing import Any
from uuid import UUID

from users.contracts import Audience

from .models import FanOut


def stored(audience: Audience) -> dict[str, Any]:
    """As JSON."""
    return {
        "latitude": audience.latitude,
        "longitude": audience.longitude,
        "radius_km": audience.radius_km,
        "segments": sorted(str(each) for each in audience.segment_ids),
        "tiers": sorted(audience.tiers),
        "ordered_since": audience.ordered_since and audience.ordered_since.isoformat(),
    }


def rule_of(run: FanOut) -> Audience:
    """Back from it."""
    rule = run.rule
    return Audience(
        latitude=rule["latitude"],
        longitude=rule["longitude"],
        radius_km=rule["radius_km"],
        segment_ids=frozenset(UUID(each) for each in rule["segments"]),
        tiers=frozenset(rule["tiers"]),
        ordered_since=rule["ordered_since"] and datetime.fromisoformat(rule["ordered_since"]),
    )
