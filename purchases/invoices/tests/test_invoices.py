"""Invoices and credit notes: wished for by events, numbered without a gap, read by whom they concern."""

import io
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pypdf import PdfReader

from funds.ledger.tests.factories import posted_and_held
from marketplace.core.erasure import erase_person
from marketplace.core.outbox.relay import drain
from marketplace.tests.killing import killed_calling
from promotions.campaigns.tests.factories import make_campaign
from promotions.flash.tests.factories import make_variant
from purchases.checkout.tests.factories import bought, buy, delivered, fill, home_of, shopper
from purchases.checkout.values import PaymentPlan
from purchases.invoices.services import (
    number_invoices,
    wish_credit_for_order,
    wish_credit_for_return,
    wish_invoices,
)
from purchases.invoices.values import read_bill
from purchases.models import Invoice, InvoiceSeries, Order, OrderReturn
from purchases.orders.services import approve_return, cancel_order, receive_return, request_return
from purchases.orders.tests.factories import OrderFactory
from stores.catalog.tests.factories import VariantFactory
from stores.inventory.tests.factories import stocked
from users.accounts.tests.factories import AdministratorFactory, StaffFactory
from users.models import CustomerProfile

pytestmark = pytest.mark.django_db


def numbered() -> list[Invoice]:
    """Everything that waits in the outbox, and the numbers after it."""
    drain()
    number_invoices()
    return list(Invoice.objects.select_related("series").order_by("series", "number"))


def give_back(order: Order, quantity: int = 1) -> OrderReturn:
    line = order.lines.order_by("pk")[0]
    returned = request_return(
        order_id=order.pk,
        customer_id=order.customer_id,
        quantities={line.pk: quantity},
        reason="Too small",
        within=timedelta(days=30),
        at=timezone.now(),
    )
    approve_return(return_id=returned.pk, actor_id=None)
    return receive_return(return_id=returned.pk, fates={line.pk: "restock"}, actor_id=None, at=timezone.now())


def taxed() -> Any:
    """Of a category with 16 % tax in its prices."""
    return make_variant(product__category__tax_bp=1_600)


def words_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def expect_no_gaps() -> None:
    rows = Invoice.objects.filter(number__isnull=False).order_by("series", "number").values_list("series", "number")
    for series_id, mine in groupby(rows, key=lambda row: row[0]):
        numbers = [number for _series, number in mine]
        assert numbers == list(range(1, len(numbers) + 1))
        assert InvoiceSeries.objects.get(pk=series_id).last_number == len(numbers)


def test_each_store_invoices_its_part_once_it_is_paid():
    customer = shopper()
    make_campaign()
    fill(customer, 2, 3)
    order = buy(customer, address_id=home_of(customer).pk).order

    invoices = numbered()
    drain()
    wish_invoices(order_id=order.pk)
    assert number_invoices() == 0

    parts = {part.pk: part for part in order.parts.all()}
    assert {each.part_id for each in invoices} == set(parts)
    assert {each.total_minor for each in invoices} == {part.total_minor for part in parts.values()}
    assert {each.title for each in invoices} == {f"{part.store.slug}-000001" for part in parts.values()}
    assert {each.buyer["recipient"] for each in invoices} == {"Ana Pérez"}
    assert [read_bill(each.snapshot).total_minor for each in invoices] == [each.total_minor for each in invoices]
    assert Invoice.objects.count() == 2


def test_an_order_that_waits_or_came_from_elsewhere_is_not_invoiced():
    imported = OrderFactory.create(source="import")

    wish_invoices(order_id=imported.pk)
    wish_credit_for_order(order_id=imported.pk)

    assert numbered() == []


def test_a_cancelled_order_is_credited_as_it_was_invoiced_whatever_comes_first():
    order = bought(shopper(), 2)
    cancel_order(order_id=order.pk, actor_id=None, at=timezone.now())

    wish_credit_for_order(order_id=order.pk)  # before anybody has heard that it was paid
    invoice, credit = numbered()

    assert (invoice.kind, invoice.number, credit.kind, credit.number) == ("invoice", 1, "credit_note", 2)
    assert invoice.total_minor == credit.total_minor == order.total_minor
    assert read_bill(invoice.snapshot) == read_bill(credit.snapshot)


def test_an_order_that_was_never_paid_leaves_no_trace_in_the_books():
    order = bought(shopper(0), 1, plan=PaymentPlan(provider="sandbox"))
    cancel_order(order_id=order.pk, actor_id=None, at=timezone.now())

    assert numbered() == []


def test_each_return_is_credited_and_together_they_come_to_the_line():
    order = delivered(bought(shopper(), 3, variants=[taxed()]))
    line = order.lines.get()
    first = give_back(order, 1)
    give_back(order, 2)

    invoice, *credits_ = numbered()
    wish_credit_for_return(return_id=first.pk)

    assert Invoice.objects.count() == 3
    assert [each.number for each in credits_] == [2, 3]
    assert sum(each.total_minor for each in credits_) == line.total_minor == invoice.total_minor
    taxes = [read_bill(each.snapshot).taxes[0].tax_minor for each in credits_]
    assert sum(taxes) == line.tax_minor > 0
    assert {each.order_return_id for each in credits_} == set(OrderReturn.objects.values_list("pk", flat=True))


def test_a_store_keeps_its_series_when_it_is_renamed():
    variant = VariantFactory()
    stocked(variant, 20)
    bought(shopper(), 1, variants=[variant])
    (before,) = numbered()
    old = variant.store.slug
    variant.store.slug = "new-name"
    variant.store.save()
    other = make_variant()
    other.store.slug = old
    other.store.save()
    bought(shopper(), 1, variants=[variant])
    bought(shopper(), 1, variants=[other])

    titles = [each.title for each in numbered()]

    assert titles[:2] == [before.title, f"{old}-000002"]
    assert titles[2] not in titles[:2]


def test_the_file_speaks_the_customers_language(api):
    customer = shopper()
    CustomerProfile.objects.filter(user=customer).update(language="es")
    fill(customer, 2, variants=[taxed()])
    order = buy(customer, address_id=home_of(customer).pk).order
    (invoice,) = numbered()
    api.force_authenticate(customer)

    listed = api.get(f"/api/v1/orders/{order.pk}/invoices/")
    answer = api.get(f"/api/v1/orders/{order.pk}/invoices/{invoice.pk}/file/")

    assert [row["number"] for row in listed.json()] == [invoice.title]
    assert listed.json()[0]["total"] == {"amount": f"{order.total.decimal:f}", "currency": "MXN"}
    assert (answer["Content-Type"], answer["Content-Language"]) == ("application/pdf", "es")
    words = words_of(answer.content)
    assert "…" not in words
    for expected in (
        "Factura",
        "Precio de lista",
        "Impuesto",
        "Cantidad",
        "Total (MXN)",
        invoice.title,
        "Ana Pérez",
        "Reforma 1",
        f"{order.total.decimal:f}",
        "16 %",
    ):
        assert expected in words


def test_nobody_else_reads_them_and_the_house_does(api):
    order = bought(shopper(), 1)
    (invoice,) = numbered()
    paths = [f"/api/v1/orders/{order.pk}/invoices/", f"/api/v1/orders/{order.pk}/invoices/{invoice.pk}/file/"]

    for reader, status in ((shopper(0), 404), (StaffFactory(), 404), (AdministratorFactory(), 200)):
        api.force_authenticate(reader)
        assert [api.get(path).status_code for path in paths] == [status, status]
    api.force_authenticate(AdministratorFactory())
    assert api.get(f"/api/v1/orders/{order.pk}/invoices/{uuid4()}/file/").status_code == 404
    Invoice.objects.update(number=None, issued_at=None)
    assert api.get(paths[0]).json() == []
    assert api.get(paths[1]).status_code == 404


def test_an_erased_persons_address_goes_and_the_amounts_stay():
    customer = shopper()
    fill(customer, 1)
    order = buy(customer, address_id=home_of(customer).pk).order
    other = shopper()
    fill(other, 1)
    kept = buy(other, address_id=home_of(other).pk).order
    numbered()
    cancel_order(order_id=order.pk, actor_id=None, at=timezone.now())
    numbered()
    from_wallet = delivered(spend_all(customer))

    erase_person(customer.pk)

    order.refresh_from_db()
    assert (order.shipping_address, order.total_minor > 0) == ({}, True)
    mine = Invoice.objects.filter(order=order)
    assert [each.buyer for each in mine] == [{}, {}]
    assert {each.total_minor for each in mine} == {order.total_minor}
    assert "Ana" not in str([each.snapshot for each in mine])
    assert Order.objects.get(pk=kept.pk).shipping_address["recipient"] == "Ana Pérez"
    assert Invoice.objects.get(order=kept).buyer["recipient"] == "Ana Pérez"
    # What is told late about an order of theirs finds no address any more.
    Invoice.objects.filter(order=from_wallet).delete()
    wish_invoices(order_id=from_wallet.pk)
    assert Invoice.objects.get(order=from_wallet).buyer == {}


def spend_all(customer: Any) -> Order:
    """The guard of funds wants an empty wallet: the rest goes into one more order."""
    left, _held = posted_and_held(customer.pk)
    variant = make_variant(price_minor=left)
    order = bought(customer, 1, variants=[variant])
    numbered()
    return order


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_leave_no_gap_and_give_no_number_twice(together):
    variant = VariantFactory()
    stocked(variant, 50)
    for _ in range(12):
        bought(shopper(), 1, variants=[variant])
    drain()

    def work(number: int) -> int:
        if number == 0:
            # Orders go on being paid meanwhile.
            bought(shopper(), 1, variants=[variant])
            drain()
        return sum(number_invoices(limit=3) for _ in range(4))

    done = together(work, 4)

    assert all(isinstance(each, int) for each in done), done
    while number_invoices():
        pass
    assert Invoice.objects.filter(number__isnull=False).count() == 13
    expect_no_gaps()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["read_db_now", "Invoice.objects.bulk_update"])
def test_killed_between_numbers_none_is_lost(step):
    variant = VariantFactory()
    stocked(variant, 50)
    for _ in range(3):
        bought(shopper(), 1, variants=[variant])
    drain()
    services = "purchases.invoices.services"

    killed_calling(f"{services}:number_invoices", after=f"{services}:{step}")

    assert not Invoice.objects.filter(number__isnull=False).exists()
    assert InvoiceSeries.objects.get().last_number == 0
    assert number_invoices() == 3
    expect_no_gaps()
