"""Promotions and customers for tests, here and in other contexts: made by the services, so that everything agrees."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from marketplace.core.clock import read_db_now
from marketplace.core.money import Money
from promotions.flash.models import ActiveHold, FlashPromo, PromoUnit, Reservation
from promotions.flash.services.planning import Offer, schedule_promo
from stores.catalog.tests.factories import VariantFactory
from stores.inventory.tests.factories import stocked
from users.customers.tests.factories import SegmentFactory
from users.customers.tests.factories import make_customer as customer_at

ZOCALO = (19.4326, -99.1332)
"""Where the stores of the factories stand."""


def make_variant(*, on_hand: int = 20, **values: Any) -> Any:
    """A variant at 349.00 MXN in an open store at the Zócalo, with stock."""
    variant = VariantFactory.create(**values)
    stocked(variant, on_hand)
    return variant


def offer_of(variant: Any, **terms: Any) -> Offer:
    """An hour that began ten minutes ago, 199.00, one unit, 2 km, everyone; `terms` say otherwise."""
    now = timezone.now()
    defaults: dict[str, Any] = {
        "variant_id": variant.pk,
        "promo_price": Money(19_900, variant.currency),
        "starts_at": now - timedelta(minutes=10),
        "ends_at": now + timedelta(minutes=50),
    }
    return Offer(**(defaults | terms))


def make_promo(variant: Any = None, *, at: datetime | None = None, **terms: Any) -> FlashPromo:
    """A running promotion, scheduled by the service with its stock set aside."""
    variant = variant or make_variant(on_hand=max(20, terms.get("units", 1)))
    return schedule_promo(offer=offer_of(variant, **terms), actor_id=None, at=at or timezone.now())


def make_customer(*, place: tuple[float, float] | None = ZOCALO, segments: tuple[Any, ...] = (), **account: Any) -> Any:
    """A verified customer at the Zócalo."""
    latitude, longitude = place or (None, None)
    return customer_at(latitude=latitude, longitude=longitude, segments=segments, **account)


def make_segment(slug: str) -> Any:
    """A segment that staff fill."""
    return SegmentFactory.create(slug=slug)


def let_pass(reservation_id: Any, *, seconds: float) -> None:
    """As if the unit had been taken so much earlier: its minute ends sooner."""
    shift = timedelta(seconds=seconds)
    reservation = Reservation.objects.get(pk=reservation_id)
    until = reservation.expires_at - shift
    PromoUnit.objects.filter(pk=reservation.unit_id, claim_no=reservation.claim_no).update(held_until=until)
    ActiveHold.objects.filter(reservation_id=reservation_id).update(until=until)
    Reservation.objects.filter(pk=reservation_id).update(expires_at=until)


def let_lapse(reservation_id: Any, *, ago: timedelta = timedelta(milliseconds=1)) -> None:
    """Move the end of the reservation's minute to a moment ago: in the unit, the reservation and the active hold."""
    past = read_db_now() - ago
    reservation = Reservation.objects.get(pk=reservation_id)
    PromoUnit.objects.filter(pk=reservation.unit_id, claim_no=reservation.claim_no).update(held_until=past)
    ActiveHold.objects.filter(reservation_id=reservation_id).update(until=past)
    Reservation.objects.filter(pk=reservation_id).update(expires_at=past)
