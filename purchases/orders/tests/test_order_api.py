"""`orders/`: one's own, newest first, within a query budget; nobody else's."""

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from purchases.orders.services import record_paid_order
from purchases.orders.values import SoldLine
from stores.catalog.tests.factories import VariantFactory
from users.accounts.tests.factories import UserFactory

AT = datetime(2026, 1, 1, tzinfo=UTC)
URL = "/api/v1/orders/"

pytestmark = pytest.mark.django_db


def bought(customer, *, at=AT):
    variant = VariantFactory()
    benefit = {"rule": str(uuid7()), "kind": "flash", "version": 3, "amount_minor": 500}
    line = SoldLine(
        variant.pk, variant.store_id, variant.sku, "Mango", 2, Money(1_500, "MXN"), Money(2_000, "MXN"), 1_600, 1_000,
        (benefit,),
    )  # fmt: skip
    return record_paid_order(
        order_id=uuid7(), customer_id=customer.pk, source="flash", source_key=uuid7().hex, lines=[line], at=at
    )


def test_the_history_is_newest_first_and_costs_four_queries_a_page(api, django_assert_max_num_queries):
    customer = UserFactory()
    orders = [bought(customer, at=AT + timedelta(hours=n)) for n in range(5)]
    api.force_authenticate(customer)

    with django_assert_max_num_queries(4):
        answer = api.get(URL, {"page_size": 3}).json()

    assert [row["id"] for row in answer["results"]] == [str(order.pk) for order in reversed(orders[2:])]
    rest = api.get(answer["next"]).json()
    assert [row["id"] for row in rest["results"]] == [str(order.pk) for order in reversed(orders[:2])]


def test_an_order_explains_its_lines(api):
    customer = UserFactory()
    order = bought(customer)
    api.force_authenticate(customer)

    answer = api.get(f"{URL}{order.pk}/").json()

    assert answer["number"] == order.number
    assert (answer["state"], answer["payment_state"], answer["fulfilment_state"]) == ("paid", "paid", "waiting")
    assert answer["total"] == {"amount": "20.00", "currency": "MXN"}
    line = answer["lines"][0]
    assert (line["quantity"], line["unit_price"]) == (2, {"amount": "10.00", "currency": "MXN"})
    assert line["applied_benefits"][0]["amount"] == {"amount": "5.00", "currency": "MXN"}
    assert [step["state"] for step in answer["history"]] == ["placed", "paid"]


def test_only_the_wanted_members_come_back(api):
    customer = UserFactory()
    order = bought(customer)
    api.force_authenticate(customer)

    assert api.get(f"{URL}{order.pk}/", {"fields": "id,number"}).json() == {"id": str(order.pk), "number": order.number}


@pytest.mark.parametrize("path", ["nonsense", "019f0000-0000-7000-8000-000000000000", "0"])
def test_an_unknown_order_is_not_found(api, path):
    api.force_authenticate(UserFactory())

    assert api.get(f"{URL}{path}/").status_code == 404


def test_somebody_elses_order_is_not_found_and_strangers_are_asked_to_log_in(api):
    order = bought(UserFactory())

    assert api.get(URL).status_code == 401
    api.force_authenticate(UserFactory())
    assert api.get(f"{URL}{order.pk}/").status_code == 404
    assert api.get(URL).json()["results"] == []
