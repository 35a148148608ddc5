"""Automatic segments: who belongs, made so. Each function expects the caller's transaction."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from marketplace.core.clock import read_db_now
from users.customers.models import CustomerProfile, Segment, SegmentMembership
from users.customers.places import project_places
from users.customers.policies import belongs, segment_policy

NAMES = {Segment.Rule.NEW: "New customers", Segment.Rule.FREQUENT: "Frequent buyers"}


def automatic_segments() -> dict[str, Segment]:
    """The segments that behaviour fills, by rule; made when they are not there yet."""
    found = {segment.rule: segment for segment in Segment.objects.exclude(rule=Segment.Rule.MANUAL)}
    for rule, name in NAMES.items():
        if rule.value not in found:
            is_free = not Segment.objects.filter(slug=rule.value).exists()
            slug = rule.value if is_free else f"automatic-{rule.value}"
            found[rule.value] = Segment.objects.get_or_create(rule=rule, defaults={"name": name, "slug": slug})[0]
    return found


def settle(customers: Collection[CustomerProfile], *, at: datetime | None = None) -> None:
    """Put the customers into the automatic segments they belong to, out of the others, and project their places.

    `at` is now by the database's clock unless given. The caller holds their locks (`LockRank.CUSTOMER`).
    """
    refresh_automatic([profile.pk for profile in customers], at=at or read_db_now())
    project_places([profile.user_id for profile in customers])


def refresh_automatic(profile_ids: Collection[UUID], *, at: datetime) -> None:
    """Memberships of these profiles in the automatic segments, as the rules have it at `at`."""
    policy = segment_policy()
    for rule, segment in automatic_segments().items():
        mine = CustomerProfile.objects.filter(pk__in=profile_ids)
        members = set(mine.filter(belongs(rule, policy, at)).values_list("pk", flat=True))
        memberships = SegmentMembership.objects.filter(segment=segment, profile__in=profile_ids)
        memberships.exclude(profile__in=members).delete()
        SegmentMembership.objects.bulk_create(
            (SegmentMembership(profile_id=profile_id, segment=segment) for profile_id in members),
            ignore_conflicts=True,
        )


def misplaced(rule: str, segment: Segment, at: datetime) -> "QuerySet[CustomerProfile]":
    """Profiles that should be in the segment and are not, or are and should not be."""
    due = CustomerProfile.objects.filter(belongs(rule, segment_policy(), at)).values("pk")
    present = SegmentMembership.objects.filter(segment=segment).values("profile")
    is_due, is_present = Q(pk__in=due), Q(pk__in=present)
    return CustomerProfile.objects.filter((is_due & ~is_present) | (is_present & ~is_due))
