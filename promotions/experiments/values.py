"""What crosses the slice's border: facts of what units saw, did and bought, and the way a unit gets."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from promotions.engagement.models import EventKind


class UnitFact(NamedTuple):
    """An event on a place that was made under a variant: a viewable impression, or a click.

    `unit` is the event's actor: the customer, else the session. `at` is the corrected moment.
    """

    experiment_id: UUID
    variant_id: UUID
    unit: UUID
    kind: EventKind  # IMPRESSION or CLICK
    at: datetime


class PurchaseFact(NamedTuple):
    """Something a unit bought, wherever it found it; which experiments it counts for is decided by `record_facts`."""

    unit: UUID
    amount_minor: int
    at: datetime


class AssignedVariant(NamedTuple):
    """The way a unit gets in a running experiment: the `knob` takes `value`. `key` names the variant to people."""

    id: UUID
    experiment_id: UUID
    knob: str
    value: float
    key: str
