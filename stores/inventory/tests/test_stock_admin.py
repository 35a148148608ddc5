"""The stock's admin page: counters to look at, dialogs that move them."""

from uuid import uuid4

import pytest
from django.urls import reverse

from stores.catalog.tests.factories import VariantFactory
from stores.inventory.models import StockMovement
from users.staff.tests.factories import DepartmentFactory

from .factories import stocked

pytestmark = pytest.mark.django_db
CHANGE = "admin:stores_stockitem_change"


def dialog(item, name: str) -> str:
    return f"{reverse(CHANGE, args=[item.pk]).removesuffix('change/')}{name}/"


def answers(**values) -> dict[str, object]:
    return {"_form_submitted": "on", "idem_key": uuid4(), "reason": "", **values}


@pytest.fixture
def office(client, administrator):
    client.force_login(administrator)
    return client


def test_pages_open(office):
    item = stocked(VariantFactory(), 3, reorder_point=5)
    listing = reverse("admin:stores_stockitem_changelist")

    for page in (listing, f"{listing}?low=yes&q=sku", reverse(CHANGE, args=[item.pk]), dialog(item, "receive")):
        assert office.get(page).status_code == 200, page


def test_goods_are_received_once_per_dialog(office):
    item = stocked(VariantFactory(), 3)
    filled = answers(quantity=4)

    first = office.post(dialog(item, "receive"), filled)
    office.post(dialog(item, "receive"), filled)

    item.refresh_from_db()
    assert item.on_hand == 7
    assert first.headers["HX-Redirect"] == reverse(CHANGE, args=[item.pk])
    assert StockMovement.objects.latest("pk").cause == "staff"


def test_adjusting_needs_a_reason_and_stock(office):
    item = stocked(VariantFactory(), 3)

    assert office.post(dialog(item, "adjust"), answers(quantity=-1)).status_code == 200
    office.post(dialog(item, "adjust"), answers(quantity=-4, reason="roto"))
    item.refresh_from_db()
    assert item.on_hand == 3

    office.post(dialog(item, "adjust"), answers(quantity=-2, reason="roto"))
    item.refresh_from_db()
    assert item.on_hand == 1


def test_counters_are_read_only_and_the_rule_is_not(office):
    item = stocked(VariantFactory(), 3)
    inline = {"movements-TOTAL_FORMS": 0, "movements-INITIAL_FORMS": 0}

    office.post(reverse(CHANGE, args=[item.pk]), {"reorder_point": 2, "reorder_qty": 9, "on_hand": 99, **inline})

    item.refresh_from_db()
    assert (item.reorder_point, item.reorder_qty, item.on_hand) == (2, 9, 3)


def test_clerk_moves_stock_of_their_department_only(client, clerk_of):
    mine, foreign = stocked(VariantFactory(), 3), stocked(VariantFactory(), 3)
    client.force_login(clerk_of(mine.variant.product.category.department))

    page = client.get(reverse(CHANGE, args=[mine.pk]))
    client.post(dialog(mine, "receive"), answers(quantity=1))
    refused = client.post(dialog(foreign, "receive"), answers(quantity=1))

    assert page.status_code == 200
    assert "opening" in page.content.decode()
    mine.refresh_from_db()
    foreign.refresh_from_db()
    assert (mine.on_hand, foreign.on_hand) == (4, 3)
    assert refused.status_code == 403


def test_reader_enters_nothing(client, clerk_of):
    item = stocked(VariantFactory(), 3)
    client.force_login(clerk_of(item.variant.product.category.department, keys=("inventory:read",)))

    assert client.get(reverse(CHANGE, args=[item.pk])).status_code == 200
    assert client.post(dialog(item, "receive"), answers(quantity=1)).status_code == 403
    client.force_login(clerk_of(DepartmentFactory()))
    assert client.get(dialog(item, "receive")).status_code == 403
