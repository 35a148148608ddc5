"""kill -9 at each step of a checkout that is paid through a provider, and of everything that follows it.

The provider is the fake Mercado Pago over HTTP, which lives on and can count: whatever dies, there is one order, one
link to pay by and one payment. Told twice, asked late or never told: money, goods and uses agree.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from funds.ledger.tests.factories import posted_and_held
from funds.models import Deposit, OrderPayment, PaymentEvent, PaymentTask, ProviderEvent, ProviderPayment
from funds.payments.reconciliation import check_unsettled
from funds.payments.tests.mercadopago.notifications import webhook
from funds.payments.tests.mercadopago.server import FakeMercadoPago
from funds.payments.tests.mercadopago.shop import SECRET, headers_of, notify, open_shop, path_of
from marketplace.core.models import EventDelivery
from marketplace.core.outbox.relay import drain
from promotions.campaigns.tests.factories import make_campaign
from promotions.facade import rule_limits
from purchases.checkout.tests.factories import escrow, everything_reconciles, fill, shelf, shopper
from purchases.models import CartLine, Order
from purchases.orders.services import expire_due_orders
from stores.contracts import StockLine
from stores.facade import sell_stock

from .killing import killed_calling, killed_draining, killed_hearing, killed_posting, let_leases_end

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

CHECKOUT, HERE = "/api/v1/checkout/", "mercadopago"
MONEY, TOTAL, HALF = 100_000, 62_820, 20_000
"""In the wallet; two of a variant with 10 % off; what a split takes from the wallet."""
PLANS: dict[str, Any] = {
    "mercadopago": "mercadopago",
    "split": {
        "wallet": {"amount": "200.00", "currency": "MXN"},
        "mercadopago": {"amount": "428.20", "currency": "MXN"},
    },
}
HELD = {"mercadopago": 0, "split": HALF}
PAYMENTS, PAYING = "funds.order_money.services.payments", "purchases.orders.services.paying"
ENDING = "purchases.orders.services.ending"

STEPS = [
    *(f"purchases.checkout.services:{name}" for name in ("lock_cart", "quote", "_expect_room", "_take_promotions")),
    "purchases.checkout.services:_take_goods",
    "purchases.checkout.services:write_order",
    f"{PAYMENTS}:request_deposit",
    f"{PAYMENTS}:_insert",
    "purchases.checkout.services:_pay",
    "purchases.checkout.services:clear",
]
each_plan = pytest.mark.parametrize("plan", PLANS)


@dataclass
class Scene:
    """A shopper with 1,000.00 whose cart holds two of a variant, and a promotion that can be used once."""

    fake: FakeMercadoPago
    api: Any
    customer: Any
    variant: Any
    campaign: Any
    plan: str = "split"

    @property
    def body(self) -> dict[str, Any]:
        return {"payment": PLANS[self.plan]}

    @property
    def wallet(self) -> tuple[int, int]:
        return posted_and_held(self.customer.pk)

    @property
    def uses_left(self) -> int | None:
        return rule_limits([self.campaign.pk], self.customer.pk)[self.campaign.pk].left

    def check_out(self) -> Order:
        """The same request, whoever asked before."""
        self.api.force_authenticate(self.customer)
        answer = self.api.post(CHECKOUT, self.body, format="json", HTTP_IDEMPOTENCY_KEY="key")
        assert answer.status_code == 201, answer.content
        order = Order.objects.get()
        assert answer.json()["id"] == str(order.pk)
        return order

    def link(self) -> str:
        """The one link that there is at the provider."""
        (known,) = self.fake.account.preferences
        return known

    def pay(self) -> int:
        """The customer pays at the provider; nobody has told us yet."""
        return self.fake.account.pay(self.link()).id

    def expire(self) -> None:
        """The order's time is over; nobody has noticed."""
        past = timezone.now() - timedelta(seconds=1)
        Order.objects.update(expires_at=past)
        OrderPayment.objects.update(expires_at=past)

    def is_as_before(self) -> None:
        """Nothing has happened."""
        assert not Order.objects.exists()
        assert not OrderPayment.objects.exists()
        assert not Deposit.objects.filter(order_id__isnull=False).exists()
        assert not PaymentTask.objects.exists()
        assert (self.wallet, shelf(self.variant), self.uses_left) == ((MONEY, 0), (20, 0), 1)
        assert CartLine.objects.count() == 1
        everything_reconciles()

    def is_waiting(self) -> None:
        """The order stands once; its goods, its use and the wallet's half are set aside."""
        assert Order.objects.get().state == "placed"
        assert OrderPayment.objects.get().state == "awaiting"
        assert (self.wallet, shelf(self.variant), self.uses_left) == ((MONEY, HELD[self.plan]), (20, 2), 0)
        assert not CartLine.objects.exists()
        everything_reconciles()

    def is_paid(self) -> None:
        """The order is paid once, with one payment at the provider; nothing is left to do."""
        order = Order.objects.get()
        assert (order.state, order.total_minor) == ("paid", TOTAL)
        assert order.history.filter(to_state="paid").count() == 1
        assert OrderPayment.objects.get().state == "paid"
        assert (self.wallet, shelf(self.variant), self.uses_left) == ((MONEY - HELD[self.plan], 0), (18, 0), 0)
        assert escrow() == TOTAL
        assert len(self.fake.account.preferences) == len(self.fake.account.payments) == 1
        assert PaymentEvent.objects.filter(payment__provider=HERE, kind=PaymentEvent.Kind.APPROVED).count() == 1
        self.is_done()

    def is_over(self) -> None:
        """The order has expired; everything is free again."""
        assert Order.objects.get().state == "expired"
        assert OrderPayment.objects.get().state == "expired"
        assert (self.wallet, shelf(self.variant), self.uses_left) == ((MONEY, 0), (20, 0), 1)
        assert escrow() == 0
        self.is_done()

    def is_done(self) -> None:
        assert not PaymentTask.objects.exclude(state=PaymentTask.State.DONE).exists()
        assert not EventDelivery.objects.exclude(state=EventDelivery.State.DONE).exists()
        everything_reconciles()

    def goes_on(self) -> None:
        """The dead process's leases end, and somebody else takes its work up."""
        let_leases_end()
        drain()


@pytest.fixture
def scene(api, settings) -> Iterator[Scene]:
    customer = shopper(MONEY)
    (variant,) = fill(customer, 2)
    with open_shop(settings) as fake:
        yield Scene(fake, api, customer, variant, make_campaign(max_uses=1))


@pytest.fixture
def waiting(scene: Scene) -> Scene:
    """Checked out, the wallet's half held, and the link to pay by is there."""
    scene.check_out()
    drain()
    scene.is_waiting()
    return scene


@pytest.fixture
def paid(waiting: Scene) -> Scene:
    """And paid at the provider, which has told us; nobody has looked yet."""
    assert notify(waiting.pay()).status_code == 200
    return waiting


@pytest.fixture
def expired(waiting: Scene) -> Scene:
    """Not paid in time, and everything is free again."""
    waiting.expire()
    assert expire_due_orders(at=timezone.now()) == 1
    drain()
    waiting.is_over()
    return waiting


# --- the request


@each_plan
@pytest.mark.parametrize("step", STEPS)
def test_killed_before_the_commit_nothing_has_happened_and_the_same_request_does_it(scene, step, plan):
    scene.plan = plan

    killed_posting(scene.customer.pk, CHECKOUT, scene.body, "key", after=step)

    scene.is_as_before()
    assert not scene.fake.requests
    scene.check_out()
    scene.is_waiting()
    drain()
    notify(scene.pay())
    drain()
    scene.is_paid()


def test_killed_while_the_wallets_half_is_held_it_is_not_held(scene):
    killed_posting(scene.customer.pk, CHECKOUT, scene.body, "key", after=f"{PAYMENTS}:place_hold")

    scene.is_as_before()
    scene.check_out()
    scene.is_waiting()


@each_plan
def test_killed_after_the_commit_the_order_waits_once_and_the_same_request_finds_it(scene, plan):
    scene.plan = plan

    killed_posting(scene.customer.pk, CHECKOUT, scene.body, "key", after="commit")

    scene.is_waiting()
    order = Order.objects.get()
    assert scene.check_out() == order
    drain()
    scene.is_waiting()
    notify(scene.pay())
    drain()
    scene.is_paid()


# --- the link to pay by


@pytest.mark.parametrize(
    "step",
    [
        "funds.payments.work:_claim",
        "funds.payments.providers.calls:Caller.send",
        "funds.payments.work:_finish",
        "funds.payments.work:_take_over",
    ],
)
def test_killed_while_the_provider_is_asked_for_a_link_there_is_one(scene, step):
    scene.check_out()

    killed_draining(after=step)

    scene.is_waiting()
    scene.goes_on()
    scene.is_waiting()
    assert Deposit.objects.get(provider=HERE).checkout_url
    notify(scene.pay())
    drain()
    scene.is_paid()


# --- the provider's word


@pytest.mark.parametrize("is_told_again", [True, False], ids=["told again", "never told again"])
def test_killed_before_a_webhook_is_written_down_its_payment_is_found_all_the_same(waiting, is_told_again):
    payment_id = waiting.pay()
    told = webhook(secret=SECRET, payment_id=payment_id)

    killed_hearing(path_of(told), headers_of(told), after="funds.payments.services.notifications:queue_task")

    assert not ProviderEvent.objects.exists()
    drain()
    waiting.is_waiting()
    if is_told_again:
        notify(payment_id)
    else:
        Deposit.objects.filter(provider=HERE).update(next_check_at=timezone.now() - timedelta(seconds=1))
        assert check_unsettled() == 1
    drain()
    waiting.is_paid()


def test_killed_after_a_webhook_is_written_down_it_is_read_back_once(waiting):
    payment_id = waiting.pay()
    moment = str(int(time.time()))
    told = webhook(secret=SECRET, payment_id=payment_id, request_id="once", ts=moment)

    killed_hearing(path_of(told), headers_of(told), after="funds.payments.services.queueing:wake_relay")
    assert notify(payment_id, request_id="once", ts=moment).status_code == 200

    assert ProviderEvent.objects.count() == 1
    drain()
    waiting.is_paid()


MONEY_ARRIVES = [
    "funds.payments.work:_claim",
    "funds.payments.providers.calls:Caller.send",
    "funds.payments.services.recording:_credit",
    "funds.payments.services.recording:publish",
    "funds.payments.work:record_reading",
    "funds.payments.work:_finish",
    "funds.payments.work:_take_over",
    f"{PAYMENTS}:_free",
    f"{PAYMENTS}:pay_order",
    f"{PAYMENTS}:_tell_success",
    "funds.order_money.handlers:finish_order_payment",
    f"{PAYING}:step",
    f"{PAYING}:stores.sell_stock",
    f"{PAYING}:_tell_paid",
    "purchases.orders.handlers:services.mark_paid",
]


@pytest.mark.parametrize("step", MONEY_ARRIVES)
def test_killed_while_the_providers_money_comes_in_the_order_is_paid_once(paid, step):
    killed_draining(after=step)

    everything_reconciles()
    assert Order.objects.get().state == "placed"
    assert shelf(paid.variant) == (20, 2)
    paid.goes_on()
    paid.is_paid()


# --- not paid in time


@pytest.mark.parametrize(
    "step",
    [
        f"{PAYMENTS}:_call_off_deposit",
        f"{PAYMENTS}:_free",
        f"{ENDING}:funds.expire_order_payment",
        f"{ENDING}:step",
        f"{ENDING}:publish",
    ],
)
def test_killed_while_an_unpaid_order_expires_it_waits_on_and_expires_the_next_time(waiting, step):
    waiting.expire()

    killed_calling("purchases.orders.tasks:sweep_orders", after=step)

    waiting.is_waiting()
    assert expire_due_orders(at=timezone.now()) == 1
    drain()
    waiting.is_over()


@pytest.mark.parametrize(
    "step",
    [
        "purchases.orders.services.goods:promotions.give_uses_back",
        "purchases.orders.services.goods:stores.release_stock",
        "purchases.orders.handlers:services.give_goods_back",
    ],
)
def test_killed_while_an_expired_orders_goods_are_freed_they_are_freed_once(waiting, step):
    waiting.expire()
    killed_calling("purchases.orders.tasks:sweep_orders", after="commit")
    assert Order.objects.get().state == "expired"

    killed_draining(after=step)

    assert (waiting.wallet, shelf(waiting.variant), waiting.uses_left) == ((MONEY, 0), (20, 2), 0)
    everything_reconciles()
    waiting.goes_on()
    waiting.is_over()


# --- paid too late

LATE = [
    "funds.payments.work:record_reading",
    f"{PAYING}:funds.late_payment",
    f"{PAYING}:step",
    f"{PAYING}:promotions.take_uses",
    f"{PAYING}:release_goods",
    f"{PAYING}:stores.sell_stock",
    f"{PAYING}:_tell_paid",
    f"{PAYING}:funds.pay_late",
    "purchases.orders.handlers:services.revive_order",
]


@pytest.mark.parametrize("step", LATE)
def test_killed_while_a_late_payment_is_dealt_with_the_order_is_sold_after_all_once(expired, step):
    notify(expired.pay())

    killed_draining(after=step)

    assert Order.objects.get().state == "expired"
    assert (shelf(expired.variant), expired.uses_left) == ((20, 0), 1)
    everything_reconciles()
    expired.goes_on()
    expired.is_paid()


@pytest.mark.parametrize("step", [f"{PAYING}:funds.late_payment", "purchases.orders.handlers:services.revive_order"])
def test_killed_while_a_late_payment_finds_nothing_any_more_the_money_stays_in_the_wallet_once(expired, step):
    sell_stock(lines=[StockLine(expired.variant.pk, expired.variant.store_id, 20)], idem_key="others")
    notify(expired.pay())

    killed_draining(after=step)
    expired.goes_on()

    assert Order.objects.get().state == "expired"
    assert (expired.wallet, shelf(expired.variant), expired.uses_left) == ((MONEY + TOTAL - HALF, 0), (0, 0), 1)
    assert ProviderPayment.objects.filter(provider=HERE).count() == len(expired.fake.account.payments) == 1
    assert escrow() == 0
    expired.is_done()


def test_killed_between_an_orders_end_and_its_goods_the_late_payment_still_finds_them(waiting):
    waiting.expire()
    killed_calling("purchases.orders.tasks:sweep_orders", after="commit")

    notify(waiting.pay())
    killed_draining(after=f"{PAYING}:_tell_paid")
    everything_reconciles()
    waiting.goes_on()

    waiting.is_paid()
