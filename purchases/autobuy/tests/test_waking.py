"""What makes a plan due, and that nothing is forgotten that comes while it is looked at."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from funds.events import DepositCredited, OrderRefunded
from links.events import ContributionMade, GiftChanged, PageRead
from links.gift_lists.tests.factories import make_list
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain
from purchases.autobuy import tasks
from purchases.autobuy.models import AutoPurchase, Plan, Run
from purchases.autobuy.scene import views_of
from purchases.autobuy.services import buying, engine, forget_old_runs, run_due_plans, wake_customers
from purchases.checkout.tests.factories import mxn, shopper
from stores.events import ProductsRepriced

from .factories import buyer, catalogue_gift, outside_gift, run, schedule

pytestmark = pytest.mark.django_db


def sleeping(customer, gift):
    schedule(gift)
    run()
    Plan.objects.update(due_at=None)
    AutoPurchase.objects.all().delete()
    Run.objects.all().delete()


def facts(customer, gift):
    money = mxn(1_000)
    return {
        "deposit": DepositCredited(deposit_id=uuid4(), customer_id=customer.pk, amount=money),
        "refund": OrderRefunded(order_id=uuid4(), customer_id=customer.pk, refund_id=uuid4(), amount=money),
        "contribution": ContributionMade(
            contribution_id=uuid4(),
            contributor_id=uuid4(),
            owner_id=customer.pk,
            gift_list_id=gift.gift_list_id,
            amount=money,
        ),
        "price": PageRead(
            page_id=gift.link.page_id if gift.link else uuid4(),
            before=money,
            price=money,
            availability="in_stock",
            may_be_bought=True,
            read_at=timezone.now(),
        ),
        "catalogue": ProductsRepriced(product_ids=(gift.variant.product_id if gift.variant else uuid4(),)),
        "gift": GiftChanged(gift_id=gift.pk, gift_list_id=gift.gift_list_id, owner_id=customer.pk, state="wanted"),
    }


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        *(("deposit", "funds"), ("refund", "funds"), ("contribution", "funds")),
        *(("price", "price"), ("gift", "schedule")),
    ],
)
def test_a_fact_has_the_plan_looked_at(name, cause):
    customer, other = shopper(0), shopper(0)
    gift = outside_gift(make_list(customer))
    schedule(outside_gift(make_list(other)))
    sleeping(customer, gift)

    publish(facts(customer, gift)[name])
    drain()
    run()

    assert [(row.plan.customer_id, row.cause) for row in Run.objects.all()] == [(customer.pk, cause)]


def test_a_price_of_the_catalogue_has_it_looked_at():
    customer = shopper(0)
    gift = catalogue_gift(make_list(customer))
    sleeping(customer, gift)

    publish(facts(customer, gift)["catalogue"])
    drain()
    run()

    assert Run.objects.get().cause == "price"


def test_who_is_woken_while_the_engine_looks_is_looked_at_again(monkeypatch):
    customer, at = buyer(), timezone.now()
    schedule(outside_gift(make_list(customer)), at=at)
    look = views_of

    def views(plans, *, at):
        found = look(plans, at=at)
        wake_customers([customer.pk], cause="funds", at=at)
        return found

    monkeypatch.setattr(engine, "views_of", views)
    run_due_plans(at=at)
    monkeypatch.setattr(engine, "views_of", look)

    assert Plan.objects.get().due_at == at
    assert run_due_plans(at=at) == 1
    assert Plan.objects.get().due_at is None


def test_one_plan_that_fails_does_not_keep_the_others_waiting(monkeypatch, caplog):
    broken, fine = buyer(), buyer()
    for customer in (broken, fine):
        schedule(outside_gift(make_list(customer)))

    def breaks(*, plan, **words):
        if plan.customer_id == broken.pk:
            raise RuntimeError("a defect")
        return buying.buy(plan=plan, **words)

    monkeypatch.setattr(engine, "buy", breaks)
    at = timezone.now()

    assert run_due_plans(at=at) == 2

    assert AutoPurchase.objects.get().customer_id == fine.pk
    assert Plan.objects.get(customer=broken).due_at == at + timedelta(hours=1)
    assert "plan failed" in caplog.text


def test_the_tasks_find_what_is_due_and_nothing_else():
    assert tasks.take_wake_ups() == []
    schedule(outside_gift(make_list(buyer())))

    (holder,) = tasks.take_wake_ups()
    assert tasks.take_wake_ups() == []
    tasks.run_woken_plans(str(holder))

    assert AutoPurchase.objects.count() == 1
    assert tasks.take_wake_ups() == []
    tasks.run_plans()
    assert AutoPurchase.objects.count() == 1


def test_old_records_are_forgotten():
    schedule(outside_gift(make_list(shopper(0))))
    run()
    now = timezone.now()

    assert forget_old_runs(at=now + timedelta(days=91), after=timedelta(days=92)) == 0
    tasks.forget_old_runs()
    assert Run.objects.count() == 1
    assert forget_old_runs(at=now + timedelta(days=91), after=timedelta(days=90)) == 1
