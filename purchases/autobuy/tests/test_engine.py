"""The engine over whole plans: what is bought, in which order, and what is written down."""

from datetime import timedelta

import pytest
from django.utils import timezone

from funds.ledger.tests.factories import posted_and_held
from funds.wallets.services import change_settings
from links.gift_lists.tests.factories import make_list
from marketplace.core.clock import platform_day
from marketplace.core.models import OutboxEvent
from marketplace.core.outbox.relay import drain
from promotions.flash.tests.factories import make_variant
from purchases.autobuy.models import AutoPurchase, Plan, PurchaseTicket, Run, Schedule
from purchases.autobuy.services import change_plan
from purchases.autobuy.services.schedules import Trigger
from purchases.checkout.tests.factories import (
    PRICE,
    delivered,
    escrow,
    everything_reconciles,
    fill,
    mxn,
    shelf,
    shopper,
)
from purchases.models import CartLine, Order
from purchases.orders.services import cancel_order

from .factories import (
    buyer,
    catalogue_gift,
    contribute,
    due_at,
    give_more,
    make_page,
    outcome_of,
    outside_gift,
    page_of,
    run,
    schedule,
    wake,
)

pytestmark = pytest.mark.django_db(transaction=True)


def told(name):
    return OutboxEvent.objects.filter(wire_name=f"purchases.{name}").count()


def test_a_variant_becomes_a_paid_order_and_the_cart_stays():
    customer = buyer(100_000)
    fill(customer, 3)
    gift = catalogue_gift(make_list(customer))
    schedule(gift)

    assert run() == 1

    order, purchase = Order.objects.get(), AutoPurchase.objects.get()
    assert (order.source, order.source_key, order.state) == ("autobuy", str(purchase.pk), "paid")
    assert order.shipping_address["city"] == "Puebla"
    assert (purchase.state, purchase.order_id, purchase.held_minor) == ("ordered", order.pk, order.total_minor)
    assert shelf(gift.variant) == (19, 0)
    assert posted_and_held(customer.pk) == (100_000 - order.total_minor, 0)
    assert escrow() == order.total_minor
    assert CartLine.objects.count() == 1
    gift.refresh_from_db()
    assert gift.state == "ordered"
    assert (told("auto_purchase_made"), told("order_paid")) == (1, 1)
    assert outcome_of(gift) == "bought"
    everything_reconciles()


def test_another_shops_goods_become_a_hold_with_a_margin_and_a_ticket():
    customer = buyer(100_000)
    gift = outside_gift(make_list(customer), 33_333)
    schedule(gift)

    run()

    purchase, ticket = AutoPurchase.objects.get(), PurchaseTicket.objects.get()
    assert (purchase.state, purchase.price_minor, purchase.held_minor) == ("queued", 33_333, 38_333)
    assert posted_and_held(customer.pk) == (100_000, 38_333)
    assert (ticket.state, ticket.url, ticket.ship_to["city"]) == ("open", page_of(gift).canonical_url, "Puebla")
    assert ticket.held_until is not None
    assert timedelta(days=13) < ticket.held_until - timezone.now() < timedelta(days=15)
    everything_reconciles()


def test_the_highest_priority_that_can_be_afforded_is_bought_and_ties_go_to_the_older():
    customer = buyer(60_000)
    wishes = make_list(customer)
    dear = outside_gift(wishes, 90_000, priority=3)
    younger_priority = outside_gift(wishes, 20_000, priority=1)
    older, younger = outside_gift(wishes, 20_000), outside_gift(wishes, 20_000)
    schedule(wishes)

    run()

    assert [outcome_of(each) for each in (dear, older, younger, younger_priority)] == [
        *("insufficient_funds", "bought", "bought", "insufficient_funds")
    ]
    considered = [row["gift"] for row in Run.objects.get().considered]
    assert considered == [str(each.pk) for each in (dear, older, younger, younger_priority)]


def test_pots_pay_first_the_gifts_own_then_its_lists():
    customer, friend = buyer(30_000), shopper(100_000)
    wishes = make_list(customer)
    gift = catalogue_gift(wishes)
    own, shared = contribute(friend, gift, 10_000), contribute(friend, wishes, 50_000)
    schedule(wishes)

    run()

    purchase = AutoPurchase.objects.get()
    own.refresh_from_db()
    shared.refresh_from_db()
    assert purchase.from_pots_minor == PRICE
    assert (own.used_minor, shared.used_minor) == (10_000, PRICE - 10_000)
    assert posted_and_held(customer.pk) == (30_000, 0)
    everything_reconciles()


def test_an_order_that_is_called_off_gives_the_pots_their_money_and_the_gift_its_wish():
    customer, friend = buyer(30_000), shopper(20_000)
    gift = catalogue_gift(make_list(customer))
    given = contribute(friend, gift, 20_000)
    schedule(gift)
    run()

    cancel_order(order_id=Order.objects.get().pk, actor_id=None, at=timezone.now())
    drain()

    given.refresh_from_db()
    gift.refresh_from_db()
    assert (given.used_minor, gift.state) == (0, "wanted")
    assert AutoPurchase.objects.get().state == "released"
    assert posted_and_held(customer.pk) == (30_000, 0)
    everything_reconciles()
    wake(customer)
    run()
    assert outcome_of(gift) == "came_to_nothing"
    assert AutoPurchase.objects.count() == 1


def test_what_a_cancelled_order_owes_its_pot_buys_nothing_else_meanwhile():
    customer = buyer(0)
    wishes = make_list(customer)
    gift, other = catalogue_gift(wishes, priority=3), catalogue_gift(wishes)
    given = contribute(shopper(100_000), gift, 40_000)
    schedule(wishes)
    run()
    order = Order.objects.get()
    assert outcome_of(other) == "insufficient_funds"

    cancel_order(order_id=order.pk, actor_id=None, at=timezone.now())
    wake(customer)
    run()

    assert Order.objects.count() == 1
    assert outcome_of(other) == "changed_meanwhile"
    drain()
    given.refresh_from_db()
    assert (given.used_minor, posted_and_held(customer.pk)) == (0, (0, 0))
    everything_reconciles()


def test_a_delivered_order_is_a_received_gift():
    customer = buyer()
    gift = catalogue_gift(make_list(customer))
    schedule(gift)
    run()

    delivered(Order.objects.get())
    drain()

    gift.refresh_from_db()
    purchase = AutoPurchase.objects.get()
    assert (gift.state, purchase.state, purchase.cost) == ("received", "bought", mxn(PRICE))


def test_a_day_buys_one_thing_and_an_interval_its_next_one_at_its_next_turn():
    customer, today = buyer(), platform_day(timezone.now())
    wishes = make_list(customer)
    first, second = outside_gift(wishes), outside_gift(wishes)
    weekly = schedule(wishes, Trigger(kind="interval", starts_on=today, every_days=7))

    run()

    assert [outcome_of(first), outcome_of(second)] == ["bought", "next_time"]
    weekly.refresh_from_db()
    turn = due_at()
    assert turn == weekly.next_at
    assert platform_day(turn) == today + timedelta(days=7)
    wake(customer)
    run()
    assert [outcome_of(first), outcome_of(second)] == ["under_way", "not_due"]
    Plan.objects.update(due_at=turn)
    run(at=turn + timedelta(minutes=1))
    assert outcome_of(second) == "price_too_old"


def test_the_balance_keeps_what_is_to_stay():
    customer = buyer(60_000)
    gift = outside_gift(make_list(customer), 40_000)
    schedule(gift, Trigger(kind="balance", keep=mxn(20_000)))

    run()

    assert outcome_of(gift) == "insufficient_funds"
    give_more(customer, 6_000)
    wake(customer)
    run()
    assert outcome_of(gift) == "bought"
    assert posted_and_held(customer.pk) == (66_000, 46_000)


def test_a_limit_reached_in_mid_run_lets_the_rest_wait_until_monday():
    customer = buyer()
    change_settings(customer_id=customer.pk, currency="MXN", changes={"weekly_limit": mxn(70_000)})
    wishes = make_list(customer)
    first, second = outside_gift(wishes, 50_000), outside_gift(wishes, 50_000)
    schedule(wishes)

    run()

    assert [outcome_of(first), outcome_of(second)] == ["bought", "weekly_limit"]
    assert due_at() > timezone.now()
    assert platform_day(due_at()).weekday() == 0
    assert told("auto_purchase_short") == 1
    Plan.objects.update(due_at=timezone.now())
    run()
    assert told("auto_purchase_short") == 1


def test_being_short_is_said_again_only_after_it_was_otherwise():
    customer = buyer(0)
    gift = outside_gift(make_list(customer))
    schedule(gift)
    run()
    wake(customer)
    run()
    assert told("auto_purchase_short") == 1

    page = page_of(gift)
    page.availability = "out_of_stock"
    page.save()
    wake(customer)
    run()
    page.availability = "in_stock"
    page.save()
    wake(customer)
    run()

    assert told("auto_purchase_short") == 2


def test_a_target_buys_at_or_under_it_whatever_the_fall():
    customer = buyer()
    page = make_page(100_000)
    gift = outside_gift(make_list(customer), page=page)
    schedule(gift, Trigger(kind="target_price", target=mxn(50_000)))
    run()
    assert outcome_of(gift) == "above_target"

    page.price_minor = 50_000
    page.save()
    wake(customer)
    run()

    assert AutoPurchase.objects.get().state == "queued"


@pytest.mark.parametrize(("price", "outcome"), [(65_000, "bought"), (65_001, "jump_asks"), (34_999, "jump_asks")])
def test_a_jump_asks_first_in_either_direction(price, outcome):
    customer = buyer()
    gift = outside_gift(make_list(customer), price, seen_price_minor=50_000)
    schedule(gift)

    run()

    assert outcome_of(gift) == outcome
    assert posted_and_held(customer.pk)[1] == (0 if outcome == "jump_asks" else 74_750)


def test_one_that_asks_first_waits_and_its_turn_is_used():
    customer, today = buyer(), platform_day(timezone.now())
    wishes = make_list(customer)
    gift, other = outside_gift(wishes), outside_gift(wishes)
    change_plan(customer_id=customer.pk, changes={"ask_hours": 24}, at=timezone.now())
    schedule(wishes, Trigger(kind="on_date", starts_on=today))

    run()
    wake(customer)
    run()

    assert [outcome_of(gift), outcome_of(other)] == ["waiting_for_answer", "no_schedule"]
    purchase = AutoPurchase.objects.get()
    assert (purchase.state, purchase.reason) == ("asked", "asks_first")
    assert told("auto_purchase_asked") == 1
    assert posted_and_held(customer.pk) == (1_000_000, 0)


def test_switched_off_the_plan_is_left_alone():
    customer = buyer()
    schedule(outside_gift(make_list(customer)))
    change_plan(customer_id=customer.pk, changes={"is_enabled": False}, at=timezone.now())

    assert run() == 0
    assert not Run.objects.exists()


def test_a_gift_on_somebody_elses_list_is_nobodys_business():
    customer, other = buyer(), buyer()
    gift = outside_gift(make_list(other))
    mine = outside_gift(make_list(customer))
    row = schedule(mine)
    Schedule.objects.filter(pk=row.pk).update(gift=gift)

    run()

    assert not AutoPurchase.objects.exists()


def test_what_is_sold_out_under_the_engines_hands_is_out_of_stock_and_the_next_is_bought():
    customer = buyer()
    wishes = make_list(customer)
    gone, there = catalogue_gift(wishes, make_variant(on_hand=0), priority=3), catalogue_gift(wishes)
    schedule(wishes)

    run()

    assert [outcome_of(gone), outcome_of(there)] == ["out_of_stock", "bought"]


def test_without_an_address_nothing_is_queued():
    customer = shopper()
    gift = outside_gift(make_list(customer))
    schedule(gift)

    run()

    assert outcome_of(gift) == "address_needed"
    assert not AutoPurchase.objects.exists()
    assert posted_and_held(customer.pk) == (1_000_000, 0)
