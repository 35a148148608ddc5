"""The demo town: the same for the same seed, whole after an interruption, and somebody to try it with."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils import timezone

from funds.facade import wallets_of
from marketplace.demo import populate as populating
from marketplace.demo.logins import (
    ADMINISTRATOR,
    CUSTOMER,
    DEMO_LOGINS,
    DEMO_PASSWORD,
    MERCHANT,
    OTHER_CUSTOMER,
    STAFF,
)
from marketplace.demo.people import SHOPS
from marketplace.demo.town import CUSTOMERS, ORDERS, PRODUCTS, plan_town
from promotions.models import Experiment, ExperimentUnit, FlashPromo
from purchases.models import Order
from stores.facade import stores_run_by
from stores.models import (
    Product,
    ProductImage,
    PurchaseOrder,
    ReplenishmentSuggestion,
    StockItem,
    StockMovement,
    Store,
    Supplier,
    SupplierPrice,
    Variant,
)
from users.models import CustomerProfile

User = get_user_model()


class Nobody:
    """Watches no bar."""

    def update(self, n: int = 1) -> None:
        """Nothing to draw."""


def promoted() -> Any:
    return FlashPromo.objects.values("variant")


def populate(**options: Any) -> str:
    out = StringIO()
    call_command("populate_demo_data", stdout=out, verbosity=0, **options)
    return out.getvalue()


def test_town_follows_from_its_seed():
    first, again, other = plan_town(7), plan_town(7), plan_town(8)

    assert first == again
    assert first.products != other.products


@pytest.mark.parametrize("seed", range(3))
def test_town_is_believable(seed):
    town = plan_town(seed)

    assert (len(SHOPS), len(town.products), len(town.customers)) == (20, PRODUCTS, CUSTOMERS)
    assert len({(row.store_slug, row.slug) for row in town.products}) == PRODUCTS
    variants = [(row.store_slug, each) for row in town.products for each in row.variants]
    assert len({(store, each.sku) for store, each in variants}) == len(variants)
    assert all(0 < each.cost.minor < each.price.minor < 5_000_00 for _store, each in variants if each.cost)
    assert len({row.email for row in town.customers}) == CUSTOMERS
    assert all(19.1 < (row.latitude or 0) < 19.6 and -99.4 < (row.longitude or 0) < -98.9 for row in town.customers)
    assert len({(promo.store_slug, promo.sku) for promo in town.promos}) == 18


@pytest.fixture(scope="module")
def filled_at(module_rows: None) -> datetime:
    """The town is filled once for the module; when."""
    at = timezone.now()
    populating.populate(seed=1, at=at, progress=Nobody())
    return at


@pytest.mark.django_db
def test_everything_is_there_once(filled_at):
    counts = [model.objects.count() for model in (Store, Product, Variant, StockItem, Order, FlashPromo)]
    movements = StockMovement.objects.count()

    said = populate(seed=1)

    assert counts[:2] == [20, 300]
    assert counts[4:] == [ORDERS, 18]
    assert [model.objects.count() for model in (Store, Product, Variant, StockItem, Order, FlashPromo)] == counts
    assert StockMovement.objects.count() == movements
    assert all(login.email in said for login in DEMO_LOGINS)
    assert DEMO_PASSWORD in said
    assert "New: 0 stores, 0 products, 0 past orders, 0 promotions." in said
    assert User.objects.count() == CUSTOMERS + len(DEMO_LOGINS)


@pytest.mark.django_db
def test_there_is_something_to_order(filled_at):
    populate(seed=1)

    assert Supplier.objects.count() == 3
    assert SupplierPrice.objects.count() > 50
    assert PurchaseOrder.objects.get().state == "placed"
    assert ReplenishmentSuggestion.objects.filter(supplier__isnull=False).count() >= 10


@pytest.mark.django_db
def test_selections_are_chosen_by_scores_and_an_experiment_has_figures(filled_at, api):
    populate(seed=1)

    slate = api.get("/api/v1/exposure/?context=home&size=12").json()
    assert len(slate["mix"]) == 12
    assert {item["reason"] for item in slate["mix"]} & {"popular", "cold_boost"}
    experiment = Experiment.objects.get()
    assert experiment.state == "running"
    assert ExperimentUnit.objects.filter(experiment=experiment, clicks__gt=0).count() > 300
    assert ExperimentUnit.objects.filter(purchases__gt=0).exists()


@pytest.mark.django_db
def test_log_ins_are_what_they_say(filled_at, api):
    administrator, staff, merchant, ana, beto = (User.objects.get(email=login.email) for login in DEMO_LOGINS)

    in_order = (ADMINISTRATOR, STAFF, MERCHANT, CUSTOMER, OTHER_CUSTOMER)
    assert [login.email for login in DEMO_LOGINS] == [each.email for each in in_order]
    assert all(user.check_password(DEMO_PASSWORD) for user in (administrator, staff, merchant, ana, beto))
    assert administrator.is_superuser
    assert (staff.is_staff, staff.is_superuser) == (True, False)
    assert stores_run_by(merchant.pk) == {Store.objects.get(slug=SHOPS[0].slug).pk}
    assert [wallets_of(each.pk)[0].available.minor for each in (ana, beto)] == [5_000_00, 5_000_00]
    api.force_authenticate(ana)
    eligible = api.get("/api/v1/promotions/flash-promos/eligible/").json()["results"]
    assert len(eligible) >= 4
    assert all(int(promo["promo_price"]["amount"].partition(".")[0]) < 5_000 for promo in eligible)


@pytest.mark.django_db
def test_promotions_run_now_and_start_in_two_minutes(filled_at):
    starts = sorted(FlashPromo.objects.values_list("starts_at", flat=True))

    assert starts == [filled_at] * 12 + [filled_at + timedelta(minutes=2)] * 6
    assert FlashPromo.objects.filter(started_at__isnull=False).count() == 12
    assert CustomerProfile.objects.filter(memberships__isnull=False).exists()
    assert ProductImage.objects.count() == Product.objects.filter(variants__in=promoted()).distinct().count()
    assert ProductImage.objects.filter(alternative_text="").count() == 0


@pytest.mark.django_db
def test_later_only_promotions_that_ended_are_made_again(filled_at):
    FlashPromo.objects.filter(starts_at=filled_at).update(ended_at=filled_at)

    new = populating.populate(seed=1, at=timezone.now(), progress=Nobody())

    assert (new.stores, new.products, new.orders, new.promos) == (0, 0, 0, 12)
