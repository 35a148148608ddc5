"""Lists of the back office by addresses that no link has: the plain list. Defects of our own stay visible."""

import pytest
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.db.models import DateField
from django.test import Client, RequestFactory
from django.urls import reverse

from marketplace.core.admin_lists import CarefulChangeList
from marketplace.core.models import JobSlot
from promotions.models import Campaign
from stores.catalog.tests.factories import BrandFactory, ProductFactory
from stores.models import Product
from users.accounts.tests.factories import AdministratorFactory

pytestmark = [pytest.mark.once, pytest.mark.django_db]
PAGES = sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label_lower)
IDS = [model._meta.label_lower for model, _page in PAGES]


@pytest.fixture
def client() -> Client:
    signed_in = Client()
    signed_in.force_login(AdministratorFactory.create())
    return signed_in


def listed(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.mark.parametrize(("model", "page"), PAGES, ids=IDS)
def test_every_list_is_a_careful_one(model, page):
    assert issubclass(page.get_changelist(RequestFactory().get("/")), CarefulChangeList)


DATED = [
    (model, page, [field.name for field in model._meta.concrete_fields if isinstance(field, DateField)])
    for model, page in PAGES
]


@pytest.mark.parametrize(("model", "page", "names"), [each for each in DATED if each[2]])
def test_years_that_no_calendar_has_show_the_plain_list(model, page, names, client):
    lookups = [f"{names[0]}__year=0", f"{names[-1]}__year={'9' * 30}"]
    if page.date_hierarchy:
        lookups += [f"{page.date_hierarchy}__year={year}" for year in ("0", "9999", "x")]

    for lookup in lookups:
        answer = client.get(f"{listed(model)}?{lookup}")

        # Django refuses (400) to filter by what no filter of the page names.
        assert answer.status_code in {302, 400}, lookup
        if answer.status_code == 302:
            assert answer.headers["Location"] == f"{listed(model)}?e=1"


@pytest.mark.parametrize("lookup", ["id__range=1", "pk__regex=(", "pk__in=", "id__isnull=x"])
def test_lookups_that_no_row_can_answer_show_the_plain_list(lookup, client):
    """Found by `scripts.attack --seed 20260131`."""
    ProductFactory.create()

    for model in (JobSlot, Product):
        answer = client.get(f"{listed(model)}?{lookup}")

        assert answer.status_code in {200, 302, 400}, model


@pytest.mark.parametrize(
    ("model", "value"),
    [
        *((model, "%00") for model, _page in PAGES),
        *(
            (model, value)
            for model in (Product, Campaign)
            for value in ("x", "2026-02-31", "2026-02-01 10:00", "%00,1")
        ),
    ],
    ids=lambda part: getattr(getattr(part, "_meta", None), "label_lower", part),
)
def test_a_form_filled_from_any_address_opens(model, value, client):
    """Found by `scripts.attack --seed 20260131`: a day or an id that is none was a 500."""
    names = [field.name for field in [*model._meta.concrete_fields, *model._meta.many_to_many]]
    add = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")

    answer = client.get(f"{add}?" + "&".join(f"{name}={value}" for name in names))

    assert answer.status_code in {200, 302, 403}


def test_a_form_keeps_what_the_address_says_rightly(client):
    brand = BrandFactory.create()

    answer = client.get(reverse("admin:stores_product_add"), {"brand": str(brand.pk), "name": "Hammer"})

    initial = answer.context["adminform"].form.initial
    assert (initial["brand"], initial["name"]) == (brand.pk, "Hammer")


def test_a_defect_of_a_list_without_filters_is_not_taken_for_a_visitors_doing(client, monkeypatch):
    def broken(self, request):
        raise ValueError("a defect")

    monkeypatch.setattr(GroupAdmin, "get_queryset", broken)

    with pytest.raises(ValueError, match="a defect"):
        client.get(reverse("admin:auth_group_changelist"))
