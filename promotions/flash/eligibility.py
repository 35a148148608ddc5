"""Who may take a promotion: pure rules over values."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from marketplace.core.geo import great_circle_km


class Customer(Protocol):
    """What the rules ask of a customer (`users.contracts.CustomerCard` has it)."""

    @property
    def latitude(self) -> float | None:
        """Degrees; none while the customer has not said where they are."""

    @property
    def longitude(self) -> float | None:
        """Degrees."""

    @property
    def segment_ids(self) -> Iterable[UUID]:
        """The segments the customer is in now."""


@dataclass(frozen=True, slots=True)
class OfferRules:
    """Where and for whom a promotion is. No radius means everywhere, no segments means everyone."""

    latitude: float
    longitude: float
    radius_km: float | None
    segment_ids: frozenset[UUID]


def failed_rules(rules: OfferRules, customer: Customer) -> tuple[str, ...]:
    """Each rule the customer does not meet: `segment`, `no_location`, `distance`. Empty: eligible."""
    failed = []
    if rules.segment_ids and rules.segment_ids.isdisjoint(customer.segment_ids):
        failed.append("segment")
    if rules.radius_km is not None:
        if customer.latitude is None or customer.longitude is None:
            failed.append("no_location")
        elif great_circle_km(rules.latitude, rules.longitude, customer.latitude, customer.longitude) > rules.radius_km:
            failed.append("distance")
    return tuple(failed)
