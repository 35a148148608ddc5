"""Customers and segments for tests of every context."""

from collections.abc import Collection
from typing import Any

import factory
from django.db import transaction
from factory.django import DjangoModelFactory

from users.accounts.models import User
from users.accounts.tests.factories import UserFactory
from users.customers.models import CustomerProfile, Segment, SegmentMembership
from users.customers.places import project_places


class SegmentFactory(DjangoModelFactory[Segment]):
    """A segment that staff fill."""

    class Meta:
        model = Segment

    name = factory.Sequence(lambda number: f"Segment {number}")
    slug = factory.Sequence(lambda number: f"segment-{number}")


def make_customer(
    *,
    latitude: float | None = None,
    longitude: float | None = None,
    segments: Collection[Segment] = (),
    profile: dict[str, Any] | None = None,
    **account: Any,
) -> User:
    """A verified customer at a place and in segments, with the projection that belongs to it."""
    with transaction.atomic():
        user: User = UserFactory.create(**account)
        values = {"latitude": latitude, "longitude": longitude, **(profile or {})}
        CustomerProfile.objects.filter(user=user).update(**values)
        own = CustomerProfile.objects.get(user=user)
        SegmentMembership.objects.bulk_create(SegmentMembership(profile=own, segment=segment) for segment in segments)
        project_places([user.pk])
    return user
