"""Every page of every model: for an administrator, a clerk of a department, staff without keys. Never 500."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.db.models import CheckConstraint, Model
from django.test import Client
from django.urls import reverse
from django.utils import translation

from marketplace.core.access import KEYS
from marketplace.core.outbox.relay import drain
from marketplace.tests import journeys as j
from notifications.inbox.tests.factories import MessageFactory
from notifications.models import Message
from promotions.models import FlashPromo
from stores.catalog.tests.factories import VariantFactory
from stores.inventory.tests.factories import stocked
from stores.models import Category, Product, StockItem, Store, Variant
from users.accounts.tests.factories import AdministratorFactory, StaffFactory, UserFactory
from users.models import CustomerProfile, Segment, TierPolicy, User
from users.staff.tests.factories import DepartmentFactory, DepartmentMemberFactory

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
WHO = ["superuser", "clerk", "nobody"]
IDS_OF_NOTHING = ["1", "01923f4e-7c1b-7d7e-9f53-0d6a1b2c3d4e", "x", "9" * 40]


@pytest.fixture
def signed_in() -> Callable[..., Client]:
    def sign_in(who: str, department: Any = None) -> Client:
        client = Client()
        person = AdministratorFactory() if who == "superuser" else StaffFactory()
        if who == "clerk":
            DepartmentMemberFactory(department=department or DepartmentFactory(), user=person, keys=list(KEYS))
        client.force_login(person)
        return client

    return sign_in


def url(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def shown(client: Client, model: type[Model]) -> set[str]:
    """Ids of the rows on the list page."""
    return {str(row.pk) for row in client.get(url(model, "changelist")).context["cl"].result_list}


@pytest.mark.once
@pytest.mark.usefixtures("refusals_without_a_page")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_pages_answer_without_any_object(model, signed_in):
    """To who may see them all; what others get is in the matrix."""
    client = signed_in("superuser")

    assert client.get(url(model, "changelist")).status_code == 200
    assert client.get(url(model, "changelist"), {"q": "x'%\x00 1"}).status_code in {200, 302, 400, 403}
    assert client.get(url(model, "add")).status_code in {200, 403}
    for ident in IDS_OF_NOTHING:
        for page in ("change", "delete", "history"):
            assert client.get(url(model, page, ident)).status_code in {302, 403, 404}, (ident, page)


@pytest.fixture
def day() -> dict[str, Any]:
    """Two departments sell by promotion; a customer brings money, buys from the first and is told."""
    staff, customer = j.administrator(), j.registered_customer()
    j.deposit(customer, "500.00")
    mine, other = j.running_promo(staff), j.running_promo(staff)
    drain()
    reservation = j.ok(
        customer.post("/api/v1/promotions/promo-reservations/", {"promo": mine["id"]}, format="json"), 201
    )
    path = f"/api/v1/promotions/promo-reservations/{reservation['id']}/complete/"
    j.ok(customer.post(path, {}, format="json", **j.key()))
    drain()
    return {"mine": mine["id"], "other": other["id"]}


@pytest.mark.parametrize("who", WHO)
def test_pages_of_real_objects_answer(who, day, signed_in):
    department = FlashPromo.objects.get(pk=day["mine"]).variant.product.category.department
    client = signed_in(who, department)

    seen = 0
    for model in MODELS:
        row = model._default_manager.order_by("pk").last()
        if row is None:
            continue
        seen += 1
        listing = client.get(url(model, "changelist"))
        assert listing.status_code in ({200} if who == "superuser" else {200, 403}), model
        for page in ("change", "history", "delete"):
            allowed = {200} if (who, page) == ("superuser", "change") else {200, 302, 403, 404}
            assert client.get(url(model, page, row.pk)).status_code in allowed, (model, page)
    assert seen > 25


def test_clerk_sees_the_own_department_and_nothing_of_another(day, signed_in):
    mine, other = FlashPromo.objects.get(pk=day["mine"]), FlashPromo.objects.get(pk=day["other"])
    clerk = signed_in("clerk", mine.variant.product.category.department)

    assert shown(clerk, FlashPromo) == {str(mine.pk)}
    assert {str(row.variant_id) for row in StockItem.objects.filter(pk__in=shown(clerk, StockItem))} == {
        str(mine.variant_id)
    }
    assert shown(clerk, Product) == {str(mine.variant.product_id)}
    assert clerk.get(url(FlashPromo, "change", other.pk)).status_code in {302, 403, 404}
    assert clerk.get(url(Product, "change", other.variant.product_id)).status_code in {302, 403, 404}


def test_first_page_shows_administrators_the_house(day, signed_in):
    page = signed_in("superuser").get(reverse("admin:index"))

    text = page.content.decode()
    assert len(page.context["headlines"]) == 4
    assert len(page.context["groups"]) == 7
    assert [chart["kind"] for chart in page.context["charts"]] == ["line", "bar"]
    assert "Outbox lag" in text
    assert url(FlashPromo, "changelist") in text


def test_first_page_shows_a_clerk_the_pages_of_the_department_and_no_figure_of_the_house(day, signed_in):
    page = signed_in("clerk").get(reverse("admin:index"))

    text = page.content.decode()
    assert "headlines" not in page.context
    assert "Outbox lag" not in text
    assert url(FlashPromo, "changelist") in text
    assert "/admin/funds/" not in text


def test_first_page_offers_nothing_to_staff_without_keys(signed_in):
    text = signed_in("nobody").get(reverse("admin:index")).content.decode()

    for context in ("users", "stores", "promotions", "purchases", "funds", "notifications", "core"):
        assert f"/admin/{context}/" not in text


@time_machine.travel("2026-03-02T18:00:00Z", tick=False)
def test_moments_are_shown_in_the_platforms_time_zone(signed_in):
    MessageFactory()

    page = signed_in("superuser").get(url(Message, "changelist"))

    assert "March 2, 2026, noon" in page.content.decode()


def test_log_in_by_e_mail(client):
    AdministratorFactory(email="chief@example.com", password="correct horse")
    page = reverse("admin:login")

    assert client.get(page).status_code == 200
    refused = client.post(page, {"username": "chief@example.com", "password": "wrong"})
    accepted = client.post(page, {"username": "Chief@Example.com", "password": "correct horse"})

    assert refused.status_code == 200
    assert accepted.status_code == 302


def test_customers_stay_outside(client):
    client.force_login(UserFactory())

    for address in [reverse("admin:index"), *(url(model, "changelist") for model in MODELS)]:
        assert client.get(address).status_code == 302


def test_the_menu_switches_language(client):
    client.force_login(AdministratorFactory())

    client.post(reverse("set_language"), {"language": "es", "next": reverse("admin:index")})

    assert "Maquinaria" in client.get(reverse("admin:index")).content.decode()
    client.post(reverse("set_language"), {"language": "en", "next": reverse("admin:index")})
    assert "Machinery" in client.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [("superuser", "/admin/nowhere/at/all/", 404), ("nobody", "/admin/promotions/flashpromo/", 403)],
)
def test_refusals_are_pages_for_people(who, path, status, signed_in):
    answer = signed_in(who).get(path, headers={"Accept-Language": "es"})

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert "Volver a la página de inicio" in answer.content.decode()
    assert reverse("admin:index") in answer.content.decode()


def test_refusals_are_problems_for_programs(signed_in):
    answer = signed_in("superuser").get("/api/v1/nowhere/")

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "model",
    [FlashPromo, Category, Variant, Store, CustomerProfile, Segment, TierPolicy, User],
    ids=lambda m: m.__name__,
)
def test_no_name_of_a_constraint_is_shown(model):
    for rule in model._meta.constraints:
        if isinstance(rule, CheckConstraint) or rule.condition is not None:
            english = rule.get_violation_error_message()
            with translation.override("es"):
                assert rule.get_violation_error_message() != english
            assert rule.name not in english


def test_stock_items_are_titled_by_sku_and_store():
    item = stocked(VariantFactory(), 1)

    assert str(item) == f"{item.variant.sku} @ {item.store.name}"
