"""Reads of the customers slice."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from marketplace.core.formatting import shown_number
from marketplace.core.geo import within_circle
from marketplace.core.ids import NIL
from marketplace.core.kpis import Kpi
from users.contracts import Audience, CustomerCard

from .errors import CustomerNotFoundError
from .models import CustomerPlace, CustomerProfile, Segment, Tier

CARD_COLUMNS = (
    "user__is_active",
    "user__email_verified_at",
    "latitude",
    "longitude",
    "tier",
    "language",
    "time_zone",
    "memberships__segment_id",
)


def customer_card(customer_id: UUID) -> CustomerCard:
    """The customer as of now, in one query (one row per membership). Raises `CustomerNotFoundError`."""
    rows = list(CustomerProfile.objects.filter(user_id=customer_id).values_list(*CARD_COLUMNS))
    if not rows:
        raise CustomerNotFoundError
    return _card(customer_id, rows)


def customer_cards(customer_ids: Collection[UUID]) -> dict[UUID, CustomerCard]:
    """The same of many, in one query; who is no customer is left out."""
    found: dict[UUID, list[tuple[Any, ...]]] = {}
    profiles = CustomerProfile.objects.filter(user__in=customer_ids)
    for customer_id, *row in profiles.values_list("user_id", *CARD_COLUMNS):
        found.setdefault(customer_id, []).append(tuple(row))
    return {customer_id: _card(customer_id, rows) for customer_id, rows in found.items()}


def _card(customer_id: UUID, rows: Sequence[tuple[Any, ...]]) -> CustomerCard:
    is_active, verified_at, latitude, longitude, tier, language, time_zone, _segment = rows[0]
    return CustomerCard(
        customer_id=customer_id,
        is_active=is_active,
        is_verified=verified_at is not None,
        latitude=latitude,
        longitude=longitude,
        segment_ids=frozenset(row[-1] for row in rows if row[-1] is not None),
        tier=tier,
        language=language,
        time_zone=time_zone,
    )


def places_in(audience: Audience) -> "QuerySet[CustomerPlace]":
    """The audience, one row per customer at most. See `users.facade` for the promise."""
    places = _in_circle(CustomerPlace.objects.all(), audience)
    if audience.tiers or audience.ordered_since is not None:
        profiles = CustomerProfile.objects.filter(user=OuterRef("customer"))
        if audience.tiers:
            profiles = profiles.filter(tier__in=audience.tiers)
        if audience.ordered_since is not None:
            profiles = profiles.filter(last_order_at__gte=audience.ordered_since)
        places = places.filter(Exists(profiles))
    return _in_segments(places, audience.segment_ids)


def end_of_places(after: UUID, count: int) -> UUID | None:
    """The customer of the `count`-th place behind this key, in key order; None when there are fewer. One index scan."""
    places = CustomerPlace.objects.filter(customer__gt=after).order_by("customer")
    return next(iter(places.values_list("customer", flat=True)[count - 1 : count]), None)


def _in_circle(places: "QuerySet[CustomerPlace]", audience: Audience) -> "QuerySet[CustomerPlace]":
    if audience.radius_km is None or audience.latitude is None or audience.longitude is None:
        return places
    return places.filter(within_circle(audience.latitude, audience.longitude, audience.radius_km))


def _in_segments(places: "QuerySet[CustomerPlace]", segment_ids: Collection[UUID]) -> "QuerySet[CustomerPlace]":
    if not segment_ids:
        return places.filter(segment=NIL)
    if len(set(segment_ids)) == 1:
        return places.filter(segment=next(iter(segment_ids)))
    # Somebody in several of them counts under the one with the lowest id. An anti-join instead of DISTINCT: the
    # result stays a plain QuerySet that can be filtered, cut by customer and inserted from.
    earlier = CustomerPlace.objects.filter(
        customer=OuterRef("customer"), segment__in=segment_ids, segment__lt=OuterRef("segment")
    )
    return places.filter(~Exists(earlier), segment__in=segment_ids)


def profiles() -> "QuerySet[CustomerProfile]":
    """Profiles of accounts in use, with what their answers show (two queries a page)."""
    return CustomerProfile.objects.filter(user__archived_at__isnull=True).prefetch_related("memberships")


def profile_of(customer_id: UUID) -> CustomerProfile:
    """Raises `CustomerNotFoundError`."""
    profile = profiles().filter(user_id=customer_id).first()
    if profile is None:
        raise CustomerNotFoundError
    return profile


def segments() -> "QuerySet[Segment]":
    """Segments with `member_count`."""
    return Segment.objects.annotate(member_count=Count("memberships"))


def customer_languages(ids: Collection[UUID]) -> dict[UUID, str]:
    """The language of each customer."""
    return dict(CustomerProfile.objects.filter(user_id__in=ids).values_list("user_id", "language"))


def order_counts(after: UUID, limit: int) -> list[tuple[UUID, int]]:
    """The next customers after that key, of accounts in use, with how many orders of theirs are counted."""
    rows = CustomerProfile.objects.filter(user__archived_at__isnull=True, user_id__gt=after).order_by("user_id")
    return list(rows.values_list("user_id", "successful_orders_count")[:limit])


def kpis(at: datetime) -> list[Kpi]:
    """Figures for the dashboard."""
    customers = CustomerProfile.objects.filter(user__is_active=True)
    figures = customers.aggregate(
        total=Count("pk"),
        fresh=Count("pk", filter=Q(user__created_at__gt=at - timedelta(days=7))),
        gold=Count("pk", filter=Q(tier=Tier.GOLD)),
    )
    link = "admin:users_customerprofile_changelist"
    return [
        Kpi(_("Customers"), shown_number(figures["total"]), link),
        Kpi(_("New customers in 7 days"), shown_number(figures["fresh"]), link),
        Kpi(_("Gold customers"), shown_number(figures["gold"]), link),
    ]
