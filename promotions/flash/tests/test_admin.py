"""The back office: the same services, the person's reach, refusals where they were asked for."""

import html
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from promotions.flash.models import FlashPromo, PromoUnit
from promotions.flash.services.claims import reserve_unit
from promotions.flash.services.waitlist import join_waitlist, leave_waitlist
from stores.models import StockItem
from users.accounts.tests.factories import AdministratorFactory, StaffFactory

from .factories import make_customer, make_promo, make_segment, make_variant

pytestmark = pytest.mark.django_db

LIST = "admin:promotions_flashpromo_changelist"
ADD = "admin:promotions_flashpromo_add"


@pytest.fixture
def boss():
    """A signed-in administrator."""
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(AdministratorFactory.create())
    return client


def posted(variant, **changes):
    # Forms of the back office are read in the platform's time zone.
    begins = timezone.localtime(timezone=ZoneInfo(settings.PLATFORM_TIME_ZONE)) - timedelta(minutes=1)
    ends = begins + timedelta(hours=1)
    return {
        "store": str(variant.store_id),
        "sku": variant.sku,
        "promo_price": "199.00",
        "starts_at_0": f"{begins:%Y-%m-%d}",
        "starts_at_1": f"{begins:%H:%M:%S}",
        "ends_at_0": f"{ends:%Y-%m-%d}",
        "ends_at_1": f"{ends:%H:%M:%S}",
        "units": "3",
        "radius_km": "5",
        "segments": [],
        "is_active": "on",
        "unit_rows-TOTAL_FORMS": "0",
        "unit_rows-INITIAL_FORMS": "0",
        "reservations-TOTAL_FORMS": "0",
        "reservations-INITIAL_FORMS": "0",
        "places-TOTAL_FORMS": "0",
        "places-INITIAL_FORMS": "0",
    } | changes


def change_url(promo) -> str:
    return reverse("admin:promotions_flashpromo_change", args=[promo.pk])


def test_adding_schedules_through_the_service(boss):
    variant, segment = make_variant(), make_segment("vip")

    response = boss.post(reverse(ADD), posted(variant, segments=[str(segment.pk)]))

    assert response.status_code == 302, response.context["adminform"].form.errors
    promo = FlashPromo.objects.get()
    assert promo.started_at is not None
    assert (promo.units, promo.radius_km, promo.promo_price_minor) == (3, 5.0, 19_900)
    assert list(promo.segments.all()) == [segment]
    assert PromoUnit.objects.count() == 3
    assert StockItem.objects.get(variant=variant).allocated == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sku": "NOPE"}, "sku"),
        ({"promo_price": "1.999"}, "promo_price"),
        ({"units": "0"}, "units"),
        ({"units_per_customer": "0"}, "units_per_customer"),
    ],
)
def test_a_wrong_field_is_marked(boss, changes, field):
    response = boss.post(reverse(ADD), posted(make_variant(), **changes))

    assert response.status_code == 200
    assert field in response.context["adminform"].form.errors
    assert not FlashPromo.objects.exists()


def test_a_services_refusal_comes_back_with_what_was_entered(boss):
    variant = make_variant(on_hand=2)

    response = boss.post(reverse(ADD), posted(variant))

    form = response.context["adminform"].form
    assert response.status_code == 200
    assert form.non_field_errors()
    assert (form["sku"].value(), form["promo_price"].value(), form["units"].value()) == (variant.sku, "199.00", "3")
    assert form.non_field_errors()[0] in html.unescape(response.content.decode())
    assert not FlashPromo.objects.exists()
    assert StockItem.objects.get(variant=variant).allocated == 0


def test_a_services_refusal_marks_the_field_it_names(boss):
    variant = make_variant()

    response = boss.post(reverse(ADD), posted(variant, promo_price="99999.00"))

    assert list(response.context["adminform"].form.errors) == ["promo_price"]
    assert not FlashPromo.objects.exists()


def test_a_refused_change_keeps_the_form_and_changes_nothing(boss):
    variant = make_variant(on_hand=3)
    promo = make_promo(variant)

    response = boss.post(change_url(promo), posted(variant, units="90", expected_version=str(promo.version)))

    form = response.context["adminform"].form
    promo.refresh_from_db()
    assert (response.status_code, form["units"].value(), promo.version) == (200, "90", 1)
    assert form.errors


def test_changing_goes_through_the_service_and_minds_the_version(boss):
    variant = make_variant()
    promo = make_promo(
        variant, starts_at=timezone.now() + timedelta(hours=1), ends_at=timezone.now() + timedelta(hours=2)
    )
    form = boss.get(change_url(promo)).context["adminform"].form
    values = posted(variant, units="4", expected_version=str(form.initial.get("expected_version", promo.version)))

    first = boss.post(change_url(promo), values)
    second = boss.post(change_url(promo), {**values, "units": "9"})

    promo.refresh_from_db()
    assert first.status_code == 302
    assert (promo.units, promo.version) == (4, 2)
    assert second.status_code == 200
    assert StockItem.objects.get(variant=variant).allocated == 4


def test_pages_show_state_units_and_reservations(boss):
    promo = make_promo(units=2)
    reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)

    rows = boss.get(reverse(LIST)).content.decode()
    detail = boss.get(change_url(promo)).content.decode()

    assert "running" in rows
    assert "199.00 MXN" in rows
    assert "held" in detail
    assert boss.get(reverse("admin:promotions_reservation_changelist")).status_code == 200
    assert boss.get(reverse("admin:promotions_activehold_changelist")).status_code == 200


def test_the_list_costs_the_same_for_one_as_for_many(boss, django_assert_max_num_queries):
    variant = make_variant(on_hand=30)
    for _ in range(10):
        make_promo(variant)

    with django_assert_max_num_queries(14):
        boss.get(reverse(LIST))


@pytest.mark.parametrize("state", ["draft", "scheduled", "running", "paused", "sold_out", "ended"])
def test_the_list_filters_by_state(boss, state):
    make_promo()

    response = boss.get(reverse(LIST), {"state": state})

    assert response.context["cl"].result_count == (state == "running")


def act(client, action, *promos):
    return client.post(
        reverse(LIST), {"action": action, "_selected_action": [str(promo.pk) for promo in promos]}, follow=True
    )


def test_actions_switch_off_on_and_end(boss):
    promo = make_promo()

    act(boss, "deactivate", promo)
    assert FlashPromo.objects.filter(is_active=False).exists()
    act(boss, "activate", promo)
    assert FlashPromo.objects.filter(is_active=True).exists()
    act(boss, "end_now", promo)
    assert FlashPromo.objects.filter(ended_at__isnull=False).exists()


def test_one_refusal_does_not_keep_the_others(boss):
    over, running = make_promo(), make_promo()
    act(boss, "end_now", over)

    answer = act(boss, "end_now", over, running)

    running.refresh_from_db()
    assert running.ended_at is not None
    assert {str(message) for message in answer.context["messages"]} == {
        "The promotion is over.",
        "1 promotion changed.",
    }


def test_deleting_withdraws_or_is_refused(boss):
    variant = make_variant()
    started = make_promo(variant)
    to_come = make_promo(
        variant, starts_at=timezone.now() + timedelta(hours=1), ends_at=timezone.now() + timedelta(hours=2)
    )

    for promo in (started, to_come):
        boss.post(reverse("admin:promotions_flashpromo_delete", args=[promo.pk]), {"post": "yes"})

    assert list(FlashPromo.objects.all()) == [started]
    assert StockItem.objects.get(variant=variant).allocated == 1


@pytest.fixture
def clerk(boss):
    """Staff with `promotions:write` in one department; and a promotion inside and outside it."""
    inside, outside = make_promo(), make_promo()
    person = StaffFactory.create()
    apps.get_model("users.DepartmentMember").objects.create(
        department_id=inside.department_id, user=person, keys=["promotions:write"]
    )
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(person)
    return client, inside, outside


def test_staff_see_and_change_their_department_only(clerk):
    client, inside, outside = clerk

    rows = client.get(reverse(LIST)).context["cl"].result_list
    act(client, "end_now", inside, outside)

    inside.refresh_from_db()
    outside.refresh_from_db()
    assert [row.pk for row in rows] == [inside.pk]
    assert client.get(change_url(outside)).status_code == 302
    assert inside.ended_at is not None
    assert outside.ended_at is None


def test_staff_cannot_offer_what_is_not_theirs(clerk):
    client, _inside, outside = clerk

    response = client.post(reverse(ADD), posted(outside.variant))

    assert "sku" in response.context["adminform"].form.errors
    assert FlashPromo.objects.count() == 2


def test_without_a_key_there_is_no_page():
    client = Client()
    client.force_login(StaffFactory.create())

    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(reverse("admin:promotions_reservation_changelist")).status_code == 403


def test_units_are_titled_by_number():
    assert [str(unit) for unit in make_promo(units=2).unit_rows.order_by("number")] == ["#1", "#2"]


def test_the_limit_per_customer_is_set_here(boss):
    boss.post(reverse(ADD), posted(make_variant(), units_per_customer="2"))

    assert FlashPromo.objects.get().units_per_customer == 2


def test_the_waiting_list_is_shown_in_its_order_and_cannot_be_changed(boss):
    promo = make_promo()
    reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)
    first, second, gone = (make_customer() for _ in range(3))
    for each in (first, second, gone):
        join_waitlist(promo_id=promo.pk, customer_id=each.pk)
    leave_waitlist(promo_id=promo.pk, customer_id=gone.pk)

    page = boss.get(change_url(promo)).content.decode()

    assert page.index(str(first.pk)) < page.index(str(second.pk))
    assert str(gone.pk) not in page
    assert 'name="places-0-customer"' not in page
