"""The projection of places, and audiences asked of it."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from marketplace.core.geo import great_circle_km
from marketplace.core.ids import NIL
from users.accounts.services.administration import archive_account, change_account
from users.accounts.tests.factories import AdministratorFactory, UserFactory
from users.contracts import Audience
from users.customers.models import CustomerPlace, CustomerProfile, Segment, SegmentMembership
from users.customers.places import project_places
from users.customers.services.profiles import change_profile
from users.customers.services.segments import delete_segment, recompute_segments
from users.customers.services.tiers import record_order_outcome
from users.customers.tests.factories import SegmentFactory, make_customer
from users.facade import places_in

MEXICO: dict[str, Any] = {"latitude": 19.4326, "longitude": -99.1332}


def rows():
    return set(CustomerPlace.objects.values_list("segment", "customer", "latitude", "longitude"))


def recomputed():
    """The definition, one row at a time."""
    wanted = set()
    for profile in CustomerProfile.objects.select_related("user").prefetch_related("memberships"):
        if profile.user.is_active:
            segments = {NIL} | {membership.segment_id for membership in profile.memberships.all()}
            wanted |= {(segment, profile.user_id, profile.latitude, profile.longitude) for segment in segments}
    return wanted


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["move", "forget", "segments", "disable", "enable", "order", "return", "drop", "age", "archive"]
        ),
        st.integers(0, 2),
        st.integers(0, 7),
    ),
    max_size=12,
)


class TestProjection(TestCase):
    """Whatever happens, the projection equals its recomputation."""

    @settings(max_examples=40, deadline=None)
    @given(STEPS)
    def test_projection_always_equals_its_recomputation(self, steps):
        admin = AdministratorFactory.create()
        users = [UserFactory.create() for _ in range(3)]
        segments = [SegmentFactory.create() for _ in range(3)]

        for step, who, number in steps:
            self.apply(step, users[who], number, admin, segments)

        assert rows() == recomputed()

    def apply(self, step, user, number, admin, segments):
        user.refresh_from_db()
        if user.archived_at is not None:
            return
        live = [segment for segment in segments if Segment.objects.filter(pk=segment.pk).exists()]
        match step:
            case "move":
                change_profile(actor=user, customer_id=user.pk, latitude=10.0 + number, longitude=-100.5)
            case "forget":
                change_profile(actor=user, customer_id=user.pk, latitude=None, longitude=None)
            case "segments":
                chosen = [segment for index, segment in enumerate(live) if number >> index & 1]
                change_profile(actor=admin, customer_id=user.pk, segments=chosen)
            case "disable" | "enable":
                change_account(actor=admin, account_id=user.pk, is_active=step == "enable")
            case "order" | "return":
                record_order_outcome(customer_id=user.pk, at=user.created_at, change=1 if step == "order" else -1)
            case "drop" if live:
                delete_segment(actor=admin, segment_id=live[number % len(live)].pk)
            case "age":
                recompute_segments(at=user.created_at.replace(year=user.created_at.year + 1))
            case "archive":
                archive_account(actor=admin, account_id=user.pk)


@pytest.mark.django_db
def test_projecting_again_changes_nothing():
    user = make_customer(**MEXICO, segments=[SegmentFactory.create()])
    before = set(CustomerPlace.objects.values_list("pk", "segment", "latitude"))

    with transaction.atomic():
        project_places([user.pk])

    assert set(CustomerPlace.objects.values_list("pk", "segment", "latitude")) == before


@pytest.mark.django_db
def test_audience_is_who_is_near_and_in_a_segment_once_each():
    one, two = SegmentFactory.create(), SegmentFactory.create()
    near = make_customer(**MEXICO, segments=[one, two])
    far = make_customer(latitude=20.67, longitude=-103.34, segments=[one])
    other = make_customer(**MEXICO)
    nowhere = make_customer(segments=[two])
    off = make_customer(**MEXICO, segments=[one], is_active=False)

    def audience(radius_km, *segments):
        found = places_in(
            Audience(**MEXICO, radius_km=radius_km, segment_ids=frozenset(segment.pk for segment in segments))
        )
        return sorted(found.values_list("customer", flat=True))

    assert audience(2) == sorted([near.pk, other.pk])
    assert audience(2, one) == [near.pk]
    assert audience(2, one, two) == [near.pk]
    assert audience(None, one, two) == sorted([near.pk, far.pk, nowhere.pk])
    assert audience(None) == sorted([near.pk, far.pk, other.pk, nowhere.pk])
    assert off.pk not in audience(None, one)


@pytest.mark.django_db
@pytest.mark.parametrize("radius", [0.5, 3, 150, 2_000, 20_100])
def test_audience_agrees_with_the_great_circle(radius):
    centre: dict[str, Any] = {"latitude": 64.1, "longitude": 179.9}
    spots = [(64.1, 179.9), (64.1, -179.99), (64.12, -179.9), (66.0, 178.0), (-64.1, -0.1), (89.9, 0.0), (50.0, 170.0)]
    users = {make_customer(latitude=lat, longitude=lon).pk: (lat, lon) for lat, lon in spots}

    found = set(places_in(Audience(**centre, radius_km=radius)).values_list("customer", flat=True))

    assert found == {
        pk for pk, spot in users.items() if great_circle_km(centre["latitude"], centre["longitude"], *spot) <= radius
    }


@pytest.mark.django_db
def test_membership_of_a_deleted_segment_goes_with_its_places():
    segment = SegmentFactory.create()
    make_customer(**MEXICO, segments=[segment])

    delete_segment(actor=AdministratorFactory.create(), segment_id=segment.pk)

    assert not CustomerPlace.objects.filter(segment=segment.pk).exists()
    assert not SegmentMembership.objects.filter(segment_id=segment.pk).exists()
