"""Profiles and segments through HTTP; segments, tiers and cards through their services."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from marketplace.core.audit import AuditEntry
from marketplace.core.ids import uuid7
from marketplace.core.outbox.models import OutboxEvent
from marketplace.core.outbox.relay import drain
from promotions.models import FlashPromo
from users import facade
from users.accounts.models import User
from users.accounts.tests.factories import AdministratorFactory, StaffFactory, UserFactory
from users.contracts import Audience, NewCustomer, OrderOutcome
from users.customers.models import CustomerProfile, Segment, SegmentMembership, SegmentPolicy, TierPolicy
from users.customers.services.segments import recompute_segments
from users.customers.services.tiers import recompute_tiers, set_tier_policy
from users.customers.tests.factories import SegmentFactory, make_customer

pytestmark = pytest.mark.django_db

MINE = "/api/v1/users/me/profile/"
PROFILES = "/api/v1/users/client-profiles/"
SEGMENTS = "/api/v1/users/user-segments/"


@pytest.fixture
def staff(api):
    """A client of staff."""
    user = StaffFactory.create()
    api.force_authenticate(user)
    return user


def rules_of(user):
    return set(SegmentMembership.objects.filter(profile__user=user).values_list("segment__rule", flat=True))


def test_every_account_has_a_profile_and_is_new(api):
    user = UserFactory.create()
    api.force_authenticate(user)

    body = api.get(MINE).json()

    assert body["user"] == str(user.pk)
    assert (body["tier"], body["latitude"], body["longitude"]) == ("bronze", None, None)
    assert rules_of(user) == {"new"}


def test_owner_changes_place_language_and_zone(api):
    user = UserFactory.create()
    api.force_authenticate(user)

    body = {"latitude": 19.4326, "longitude": -99.1332, "language": "en", "time_zone": "Europe/Madrid"}
    answer = api.patch(MINE, body, format="json")

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in body} == body
    cleared = api.patch(MINE, {"latitude": None, "longitude": None}, format="json").json()
    assert (cleared["latitude"], cleared["longitude"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"latitude": 19.4}, "longitude"),
        ({"longitude": 19.4}, "latitude"),
        ({"latitude": None}, "latitude"),
        ({"latitude": None, "longitude": 3.0}, "latitude"),
        ({"latitude": 91, "longitude": 0}, "latitude"),
        ({"latitude": 0, "longitude": -180.5}, "longitude"),
        ({"latitude": "19.4", "longitude": 0}, "latitude"),
        ({"latitude": True, "longitude": 0}, "latitude"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"language": "fr"}, "language"),
    ],
)
def test_bad_profile_values_are_refused_and_change_nothing(api, body, field):
    user = make_customer(latitude=1.0, longitude=2.0)
    api.force_authenticate(user)
    before = CustomerProfile.objects.filter(user=user).values().get()

    answer = api.patch(MINE, {"language": "en", **body}, format="json")

    assert answer.status_code == 400
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert CustomerProfile.objects.filter(user=user).values().get() == before


def test_owner_cannot_set_segments_tier_or_counts(api):
    user, segment = UserFactory.create(), SegmentFactory.create()
    api.force_authenticate(user)
    before = api.get(MINE).json()

    foreign = {"segments": [str(segment.pk)], "tier": "gold", "successful_orders_count": 99, "user": str(segment.pk)}
    answer = api.patch(MINE, {**foreign, "id": str(segment.pk), "created_at": "2020-01-01T00:00:00Z"}, format="json")

    assert answer.json() == before


def test_staff_put_customers_into_manual_segments(api, staff):
    user, segment = make_customer(latitude=1.0, longitude=2.0), SegmentFactory.create()
    found = api.get(PROFILES, {"user": str(user.pk)}).json()["results"]

    answer = api.patch(f"{PROFILES}{found[0]['id']}/", {"segments": [str(segment.pk)]}, format="json")

    new = Segment.objects.get(rule="new")
    assert answer.status_code == 200
    assert set(answer.json()["segments"]) == {str(segment.pk), str(new.pk)}
    assert AuditEntry.objects.get(action="users.change_segments").actor_id == staff.pk
    emptied = api.patch(f"{PROFILES}{found[0]['id']}/", {"segments": []}, format="json").json()
    assert emptied["segments"] == [str(new.pk)]


def test_staff_cannot_fill_an_automatic_segment_by_hand(api, staff):
    user = UserFactory.create()
    frequent, manual = Segment.objects.get(rule="frequent"), SegmentFactory.create()
    profile = CustomerProfile.objects.get(user=user)

    body = {"segments": [str(manual.pk), str(frequent.pk)]}
    answer = api.patch(f"{PROFILES}{profile.pk}/", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "automatic_segment")
    assert rules_of(user) == {"new"}


def test_alias_of_an_earlier_system_answers(api, staff):
    user = UserFactory.create()

    assert api.get("/api/v1/users/clients-profiles/", {"user": str(user.pk)}).json()["results"][0]["user"] == str(
        user.pk
    )


def test_profile_may_be_deleted_and_added_again_once(api, staff):
    user = make_customer(latitude=1.0, longitude=2.0)
    url = f"{PROFILES}{user.profile.pk}/"

    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404
    assert not facade.places_in(Audience(latitude=1, longitude=2, radius_km=1)).exists()
    again = api.post(PROFILES, {"user": str(user.pk), "latitude": 3.0, "longitude": 4.0}, format="json")
    assert (again.status_code, again.json()["latitude"]) == (201, 3.0)
    assert api.post(PROFILES, {"user": str(user.pk)}, format="json").json()["code"] == "profile_exists"


@pytest.mark.parametrize("path", [PROFILES, SEGMENTS, "/api/v1/users/departments/", "/api/v1/users/"])
def test_lists_are_for_staff(api, path):
    assert api.get(path).status_code == 401
    api.force_authenticate(UserFactory.create())
    assert api.get(path).status_code == 403


def test_profile_list_costs_two_queries_however_long(api, staff, django_assert_num_queries):
    for _ in range(5):
        make_customer(segments=[SegmentFactory.create()])

    with django_assert_num_queries(2):
        assert len(api.get(PROFILES).json()["results"]) == 6


def test_segments_crud(api, staff):
    made = api.post(SEGMENTS, {"name": "Bakers", "slug": "bakers"}, format="json")
    assert (made.status_code, made.json()["member_count"], made.json()["rule"]) == (201, 0, "manual")
    url = f"{SEGMENTS}{made.json()['id']}/"

    taken = api.post(SEGMENTS, {"name": "Others", "slug": "bakers"}, format="json")
    assert (taken.status_code, taken.json()["code"]) == (409, "segment_slug_taken")
    assert api.patch(url, {"name": "Good bakers", "rule": "frequent"}, format="json").json()["name"] == "Good bakers"
    assert api.get(url).json()["rule"] == "manual"
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404
    assert api.delete(url).status_code == 404


def test_automatic_segment_is_not_deleted(api, staff):
    segment = Segment.objects.get(rule="new")

    assert api.delete(f"{SEGMENTS}{segment.pk}/").json()["code"] == "automatic_segment"
    assert Segment.objects.filter(pk=segment.pk).exists()


def test_segment_a_promotion_names_is_not_deleted(api, staff):
    segment = SegmentFactory.create()
    through: Any = FlashPromo.segments.through
    through.objects.bulk_create([through(flashpromo_id=segment.pk, segment_id=segment.pk)])

    answer = api.delete(f"{SEGMENTS}{segment.pk}/")
    through.objects.all().delete()

    assert (answer.status_code, answer.json()["code"]) == (409, "segment_in_use")
    assert Segment.objects.filter(pk=segment.pk).exists()


def test_new_ends_by_the_calendar_and_by_the_first_order():
    old, buyer, fresh = UserFactory.create(), UserFactory.create(), UserFactory.create()
    now = timezone.now()
    User.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=31))

    facade.record_order_outcome(customer_id=buyer.pk, at=now, change=1)
    moved = recompute_segments(at=now)

    assert moved == 1
    assert [rules_of(user) for user in (old, buyer, fresh)] == [set(), set(), {"new"}]
    assert recompute_segments(at=now) == 0


def test_frequent_needs_three_orders_and_a_recent_one():
    user = UserFactory.create()
    now = timezone.now()
    for _ in range(3):
        facade.record_order_outcome(customer_id=user.pk, at=now, change=1)
    assert rules_of(user) == {"frequent"}

    facade.record_order_outcome(customer_id=user.pk, at=now, change=-1)
    assert rules_of(user) == set()
    facade.record_order_outcome(customer_id=user.pk, at=now, change=1)
    recompute_segments(at=now + timedelta(days=91))

    assert rules_of(user) == set()


def test_rules_of_automatic_segments_are_policy():
    user = UserFactory.create()
    SegmentPolicy.objects.create(new_days=5, frequent_orders=1, frequent_days=10)

    recompute_segments(at=timezone.now() + timedelta(days=6))
    assert rules_of(user) == set()
    facade.record_order_outcome(customer_id=user.pk, at=timezone.now(), change=1)

    assert rules_of(user) == {"frequent"}


@pytest.mark.parametrize(("orders", "tier"), [(20, "bronze"), (21, "silver"), (49, "silver"), (50, "gold")])
def test_tier_follows_the_count(orders, tier):
    user = make_customer(profile={"successful_orders_count": orders - 1})

    facade.record_order_outcome(customer_id=user.pk, at=timezone.now(), change=1)

    assert facade.customer_card(user.pk).tier == tier


def test_whole_return_takes_the_tier_back_and_says_so():
    user = make_customer(profile={"successful_orders_count": 21, "tier": "silver"})

    facade.record_order_outcome(customer_id=user.pk, at=timezone.now(), change=-1)

    assert facade.customer_card(user.pk).tier == "bronze"
    event = OutboxEvent.objects.get(wire_name="users.tier_changed")
    assert (event.payload["before"], event.payload["after"]) == ("silver", "bronze")


def test_many_outcomes_count_in_a_few_queries_whatever_their_order(django_assert_max_num_queries):
    users = [make_customer() for _ in range(10)]
    now = timezone.now()
    outcomes = [
        OrderOutcome(customer_id=user.pk, at=now - timedelta(days=day), change=1)
        for day in range(3)
        for user in reversed(users)
    ]

    with django_assert_max_num_queries(25):
        facade.record_order_outcomes(outcomes)

    profiles = CustomerProfile.objects.filter(user__in=users)
    assert set(profiles.values_list("successful_orders_count", "last_order_at")) == {(3, now)}
    assert all(rules_of(user) == {"frequent"} for user in users)


def test_outcomes_of_an_unknown_customer_count_nothing():
    user = UserFactory.create()
    outcomes = [
        OrderOutcome(customer_id=customer_id, at=timezone.now(), change=1) for customer_id in (user.pk, uuid7())
    ]

    with pytest.raises(facade.CustomerNotFoundError):
        facade.record_order_outcomes(outcomes)

    assert CustomerProfile.objects.get(user=user).successful_orders_count == 0


def test_count_never_goes_below_zero():
    user = UserFactory.create()

    facade.record_order_outcome(customer_id=user.pk, at=timezone.now(), change=-1)

    assert CustomerProfile.objects.get(user=user).successful_orders_count == 0


def test_new_tier_limits_settle_every_tier_by_event():
    users = [make_customer(profile={"successful_orders_count": count}) for count in (4, 5, 9, 10)]

    set_tier_policy(actor=AdministratorFactory.create(), silver_from=5, gold_from=10)
    drain()

    assert [facade.customer_card(user.pk).tier for user in users] == ["bronze", "silver", "silver", "gold"]
    assert recompute_tiers() == 0
    assert TierPolicy.objects.count() == 1


def test_card_is_one_query(django_assert_num_queries):
    one, two = SegmentFactory.create(), SegmentFactory.create()
    user = make_customer(latitude=1.5, longitude=2.5, segments=[one, two])

    with django_assert_num_queries(1):
        card = facade.customer_card(user.pk)

    assert card.segment_ids == {one.pk, two.pk, Segment.objects.get(rule="new").pk}
    assert (card.latitude, card.longitude, card.is_active, card.is_verified) == (1.5, 2.5, True, True)


def test_card_of_nobody_is_not_found():
    with pytest.raises(facade.CustomerNotFoundError):
        facade.customer_card(UserFactory.build().pk)


def test_many_customers_are_made_once(django_assert_max_num_queries):
    segment = SegmentFactory.create()
    known = UserFactory.create(email="known@example.com")
    rows = [
        NewCustomer(
            email=f"C{number}@example.com", latitude=19.0 + number / 100, longitude=-99.0, segments=(segment.pk,)
        )
        for number in range(30)
    ] + [NewCustomer(email="known@example.com", latitude=1.0, longitude=1.0), NewCustomer(email="c0@example.com")]

    with django_assert_max_num_queries(30):
        ids = facade.add_customers(rows, password="shared demo password")
    again = facade.add_customers(rows, password="another")

    assert ids == again
    assert (ids[30], ids[31]) == (known.pk, ids[0])
    assert len(set(ids)) == 31
    first = User.objects.get(pk=ids[0])
    assert first.is_verified
    assert first.check_password("shared demo password")
    assert facade.customer_card(known.pk).latitude is None
    near = facade.places_in(Audience(latitude=19.0, longitude=-99.0, radius_km=2, segment_ids=frozenset({segment.pk})))
    assert sorted(near.values_list("customer", flat=True)) == sorted(ids[:2])


def test_languages_existence_and_figures():
    spanish, english = make_customer(), make_customer(profile={"language": "en"})
    gone = UserFactory.create(is_active=False)

    assert facade.customer_languages([spanish.pk, english.pk]) == {spanish.pk: "es", english.pk: "en"}
    assert facade.accounts_exist([spanish.pk, english.pk])
    assert not facade.accounts_exist([spanish.pk, gone.pk])
    assert [figure.value for figure in facade.kpis()] == ["2", "2", "0"]
