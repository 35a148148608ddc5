"""Discounts in the back office: the same service, the person's departments, and the matrix on one page."""

import html
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketplace.core.money import Money
from promotions.discounts.models import Discount
from stores.catalog.tests.factories import CategoryFactory, ProductFactory
from users.accounts.tests.factories import AdministratorFactory
from users.staff.tests.factories import DepartmentMemberFactory

from .factories import make_discount

pytestmark = pytest.mark.django_db

LIST = "admin:promotions_discount_changelist"
ADD = "admin:promotions_discount_add"
MATRIX = "admin:promotions_discount_matrix"


def client_of(person) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(person)
    return client


@pytest.fixture
def boss():
    """A signed-in administrator."""
    return client_of(AdministratorFactory.create())


def change_url(discount) -> str:
    return reverse("admin:promotions_discount_change", args=[discount.pk])


def posted(of, **changes):
    begins = timezone.localtime(timezone=ZoneInfo(settings.PLATFORM_TIME_ZONE)) - timedelta(minutes=1)
    return {
        "name": "Viernes",
        "tier": "gold",
        "category": str(of.pk),
        "products": [],
        "percent": "7.5",
        "amount": "",
        "currency": "",
        "starts_at_0": f"{begins:%Y-%m-%d}",
        "starts_at_1": f"{begins:%H:%M:%S}",
        "ends_at_0": "",
        "ends_at_1": "",
        "weekdays": ["5", "6"],
        "month_days": ["31"],
        "priority": "3",
        "stack_group": "",
        "is_active": "on",
    } | changes


def test_adding_goes_through_the_service(boss):
    category = CategoryFactory.create()
    product = ProductFactory.create(category=category)

    response = boss.post(reverse(ADD), posted(category, products=[str(product.pk)]))

    assert response.status_code == 302, response.context["adminform"].form.errors
    discount = Discount.objects.get()
    assert (discount.percent_bp, discount.tier, discount.priority) == (750, "gold", 3)
    assert (discount.weekdays, discount.month_days) == ([5, 6], [31])
    assert list(discount.products.all()) == [product]


def test_editing_shows_what_is_there_and_keeps_it(boss):
    discount = make_discount(amount=Money(2_550, "MXN"), weekdays=frozenset({1}), tier="silver")
    form = boss.get(change_url(discount)).context["adminform"].form

    response = boss.post(
        change_url(discount),
        posted(
            discount.category,
            name="Lunes",
            percent="",
            amount="25.50",
            currency="MXN",
            expected_version="1",
        ),
    )

    assert [form[name].value() for name in ("currency", "weekdays", "tier")] == ["MXN", [1], "silver"]
    assert str(form["amount"].value()) == "25.50"
    assert response.status_code == 302, response.context["adminform"].form.errors
    discount.refresh_from_db()
    assert (discount.name, discount.amount, discount.version) == ("Lunes", Money(2_550, "MXN"), 2)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"percent": "101"}, "percent"),
        ({"percent": "0"}, "percent"),
        ({"percent": ""}, "percent"),
        ({"amount": "5.00", "currency": "MXN"}, "percent"),
        ({"percent": "", "amount": "5.00"}, "currency"),
        ({"percent": "", "amount": "5.005", "currency": "MXN"}, "amount"),
        ({"is_exclusive": "on", "stack_group": "verano"}, "__all__"),
        ({"stack_group": "ÑANDÚ"}, "stack_group"),
        ({"weekdays": ["9"]}, "weekdays"),
        ({"tier": "platinum"}, "tier"),
    ],
)
def test_a_wrong_field_is_marked_and_nothing_is_made(boss, changes, field):
    response = boss.post(reverse(ADD), posted(CategoryFactory.create(), **changes))

    assert response.status_code == 200
    assert field in response.context["adminform"].form.errors, response.context["adminform"].form.errors
    assert not Discount.objects.exists()


def test_of_two_who_edit_the_second_is_told(boss):
    discount = make_discount()

    response = boss.post(change_url(discount), posted(discount.category, expected_version="9"))

    assert response.status_code == 200
    assert "changed by somebody else" in html.unescape(response.content.decode())
    assert Discount.objects.get().name == "Diez por ciento"


def test_actions_switch_off_and_on_and_remove(boss):
    discount = make_discount()
    chosen = {"_selected_action": [str(discount.pk)]}

    boss.post(reverse(LIST), {"action": "switch_off", **chosen})
    off = Discount.objects.get().is_active
    boss.post(reverse(LIST), {"action": "switch_on", **chosen})
    on = Discount.objects.get().is_active
    boss.post(reverse(LIST), {"action": "delete_selected", "post": "yes", **chosen})

    assert (off, on, Discount.objects.count()) == (False, True, 0)


def test_the_history_says_what_changed(boss):
    discount = make_discount()
    boss.post(change_url(discount), posted(discount.category, expected_version="1"))

    page = boss.get(reverse("admin:promotions_discount_history", args=[discount.pk])).content.decode()

    assert "Viernes" in page
    assert "Diez por ciento" in page


def test_categories_to_choose_are_the_persons_own():
    mine, foreign = CategoryFactory.create(), CategoryFactory.create()
    clerk = client_of(DepartmentMemberFactory.create(department=mine.department, keys=["promotions:write"]).user)

    offered = clerk.get(reverse(ADD)).context["adminform"].form.fields["category"].queryset
    refused = clerk.post(reverse(ADD), posted(foreign))

    assert list(offered) == [mine]
    assert "category" in refused.context["adminform"].form.errors
    assert not Discount.objects.exists()


def test_who_only_reads_sees_it_as_text():
    discount = make_discount(weekdays=frozenset({5}))
    keys = ["promotions:read"]
    reader = client_of(DepartmentMemberFactory.create(department=discount.category.department, keys=keys).user)

    page = reader.get(change_url(discount))

    assert page.status_code == 200
    assert "10 %" in page.content.decode()
    assert "Friday" in page.content.decode()
    assert reader.post(change_url(discount), posted(discount.category)).status_code == 403


def cells(response) -> dict[tuple[str, str], tuple[list[str], list[str]]]:
    """Names in each cell that is not empty."""
    return {
        (row.name, cell.tier): ([each.name for each in cell.running], [each.name for each in cell.to_come])
        for row in response.context["rows"]
        for cell in row.cells
        if cell.running or cell.to_come
    }


def test_the_matrix_shows_levels_by_categories(boss):
    now = timezone.now()
    root = CategoryFactory.create(name="Hogar")
    child = CategoryFactory.create(name="Vajilla", parent=root)
    make_discount(root, name="Para todos")
    gold = make_discount(child, name="Oro", tier="gold", percent_bp=1_250)
    make_discount(child, name="Oro más", tier="gold", priority=9)
    make_discount(child, name="Pronto", tier="silver", starts_at=now + timedelta(days=1))
    make_discount(child, name="Pasado", starts_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    make_discount(child, name="Apagado", is_active=False)

    response = boss.get(reverse(MATRIX))

    assert cells(response) == {
        ("Hogar", ""): (["Para todos"], []),
        ("Vajilla", "gold"): (["Oro más", "Oro"], []),
        ("Vajilla", "silver"): ([], ["Pronto"]),
    }
    assert [(row.name, row.depth) for row in response.context["rows"]] == [("Hogar", 0), ("Vajilla", 1)]
    page = html.unescape(response.content.decode())
    assert change_url(gold) in page
    assert "12.5 % · Oro" in page
    assert f"{reverse(ADD)}?category={child.pk}&tier=gold" in page


def test_the_add_link_fills_in_category_and_level(boss):
    category = CategoryFactory.create()

    form = boss.get(reverse(ADD), {"category": str(category.pk), "tier": "gold"}).context["adminform"].form

    assert (str(form["category"].value()), form["tier"].value()) == (str(category.pk), "gold")


def test_the_matrix_is_the_persons_departments():
    mine, foreign = CategoryFactory.create(name="Mía"), CategoryFactory.create(name="Ajena")
    make_discount(mine, name="Mío")
    make_discount(foreign, name="Ajeno")
    reader = client_of(DepartmentMemberFactory.create(department=mine.department, keys=["promotions:read"]).user)

    response = reader.get(reverse(MATRIX))

    assert cells(response) == {("Mía", ""): (["Mío"], [])}
    page = response.content.decode()
    assert "Ajen" not in page
    assert reverse(ADD) not in page
    other = client_of(DepartmentMemberFactory.create(department=mine.department, keys=["catalog:write"]).user)
    assert other.get(reverse(MATRIX)).status_code == 403
    assert reader.post(reverse(MATRIX)).status_code == 403


def test_the_matrix_costs_the_same_for_one_as_for_many(boss, django_assert_max_num_queries):
    for _ in range(6):
        category = CategoryFactory.create()
        make_discount(category)
        make_discount(category, tier="gold")

    with django_assert_max_num_queries(12):
        assert len(boss.get(reverse(MATRIX)).context["rows"]) == 6


def test_the_matrix_is_in_the_menu(boss):
    sections = boss.get(reverse(LIST)).context["sidebar_navigation"]

    assert reverse(MATRIX) in {str(item["link"]) for section in sections for item in section["items"]}
