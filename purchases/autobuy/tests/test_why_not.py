"""The run record answers "why was this not bought?" for every item of a seeded plan, in both languages."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from funds.wallets.services import change_settings
from links.gift_lists.tests.factories import make_list
from links.models import Gift, GiftClaim
from marketplace.core.clock import platform_day
from promotions.flash.tests.factories import make_variant
from purchases.autobuy import outcomes
from purchases.autobuy.models import AutoPurchase, Plan, Run, Schedule
from purchases.autobuy.services.schedules import Trigger
from purchases.checkout.tests.factories import mxn
from stores.models import Store

from .factories import buyer, catalogue_gift, make_page, outside_gift, run, schedule, wake

pytestmark = pytest.mark.django_db

RUNS = "/api/v1/purchases/runs/"
NEVER_RECORDED = {outcomes.CHANGED, outcomes.REFUSED, outcomes.ADDRESS_NEEDED, outcomes.ASKED, outcomes.NEXT_TIME}
"""Of races and refusals (other tests), or of a plan that asks about everything."""


def tried(gift: Gift, state: str) -> None:
    AutoPurchase.objects.create(
        customer=gift.gift_list.owner,
        gift=gift,
        title="",
        state=state,
        price_minor=50_000,
        currency="MXN",
        ended_at=timezone.now(),
        answer_by=timezone.now() + timedelta(hours=1),
    )


def seeded_plan() -> tuple[dict[str, Gift], object]:
    """One gift per outcome."""
    customer = buyer(300_000)
    change_settings(customer_id=customer.pk, currency="MXN", changes={"weekly_limit": mxn(100_000)})
    wishes, shut = make_list(customer), make_list(customer, buys_itself=False)
    today = platform_day(timezone.now())
    gifts = {
        "bought": outside_gift(wishes, 50_000, priority=3),
        "weekly_limit": outside_gift(wishes, 60_000),
        "insufficient_funds": outside_gift(wishes, 900_000),
        "jump_asks": outside_gift(wishes, 20_000, seen_price_minor=10_000),
        "waiting_for_answer": outside_gift(wishes),
        "under_way": outside_gift(wishes, state="ordered"),
        "list_off": outside_gift(shut),
        "switched_off": outside_gift(wishes, is_enabled=False),
        "not_available_now": outside_gift(wishes),
        "no_price": outside_gift(wishes, None),
        "price_not_reliable": outside_gift(wishes, page=make_page(method="opengraph", may_be_bought=False)),
        "currency": outside_gift(wishes, page=make_page(currency="USD")),
        "price_too_old": outside_gift(wishes, page=make_page(read_at=timezone.now() - timedelta(hours=25))),
        "out_of_stock": catalogue_gift(wishes, make_variant(on_hand=0)),
        "declined": outside_gift(wishes),
        "not_answered": outside_gift(wishes),
        "came_to_nothing": outside_gift(wishes),
    }
    schedule(wishes)
    schedule(shut)
    alone = make_list(customer)
    gifts |= {name: outside_gift(alone) for name in ("not_due", "above_target", "no_schedule")}
    schedule(gifts["not_due"], Trigger(kind="on_date", starts_on=today + timedelta(days=9)))
    schedule(gifts["above_target"], Trigger(kind="target_price", target=mxn(40_000)))
    used = schedule(gifts["no_schedule"], Trigger(kind="on_date", starts_on=today))
    Schedule.objects.filter(pk=used.pk).update(next_at=None)
    GiftClaim.objects.create(gift=gifts["not_available_now"], guest_name="Tía")
    for name, state in (
        *(("waiting_for_answer", "asked"), ("under_way", "ordered"), ("declined", "declined")),
        *(("not_answered", "lapsed"), ("came_to_nothing", "released")),
    ):
        tried(gifts[name], state)
    return gifts, customer


def test_every_item_says_why_in_english_and_spanish(api):
    gifts, customer = seeded_plan()

    run()

    api.force_authenticate(customer)
    said = {}
    for language in ("en", "es"):
        answer = api.get(RUNS, HTTP_ACCEPT_LANGUAGE=language).json()["results"][0]
        said[language] = {row["gift"]: row for row in answer["considered"]}
    assert {name: said["en"][str(gift.pk)]["outcome"] for name, gift in gifts.items()} == {name: name for name in gifts}
    assert set(gifts) == set(outcomes.SENTENCES) - NEVER_RECORDED
    for gift in gifts.values():
        english, spanish = (said[language][str(gift.pk)]["why"] for language in ("en", "es"))
        assert english
        assert spanish
        assert english != spanish
        assert "%(" not in english + spanish
        assert "MXN" in spanish or "MXN" not in english
    assert (
        said["en"][str(gifts["weekly_limit"].pk)]["why"] == "It costs 690.00 MXN; your weekly limit leaves 425.00 MXN."
    )


def test_the_owner_cannot_tell_a_claim_from_a_closed_shop(api):
    customer = buyer()
    wishes = make_list(customer)
    variant = make_variant()
    claimed = catalogue_gift(wishes)
    catalogue_gift(wishes, variant)
    GiftClaim.objects.create(gift=claimed, guest_name="Tía")
    Store.objects.filter(pk=variant.store_id).update(state="paused")
    schedule(wishes)

    run()

    api.force_authenticate(customer)
    rows = api.get(RUNS).json()["results"][0]["considered"]
    told = [{name: row[name] for name in ("outcome", "why", "params", "purchase")} for row in rows]
    assert told[0] == told[1]


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_sentence_takes_its_parameters(language):
    params = {
        **dict.fromkeys(("cost", "price", "seen", "target", "missing", "left"), mxn(1_000)),
        **dict.fromkeys(("answer_by", "until", "read_at", "next_at"), timezone.now()),
        **{"reason": "failed", "currency": "USD", "list_currency": "MXN"},
    }

    with translation.override(language):
        said = {code: outcomes.sentence(code, outcomes.kept(params)) for code in outcomes.SENTENCES}

    assert len(set(said.values())) == len(outcomes.SENTENCES)


def test_the_list_of_runs_asks_a_constant_number_of_questions(api, django_assert_max_num_queries):
    customer = buyer()
    schedule(outside_gift(make_list(customer)))
    for _ in range(5):
        wake(customer)
        run()
    assert Run.objects.count() == 5
    api.force_authenticate(customer)

    with django_assert_max_num_queries(3):
        assert len(api.get(RUNS).json()["results"]) == 5


def test_plans_of_others_are_not_shown(api):
    customer, other = buyer(), buyer()
    schedule(outside_gift(make_list(customer)))
    run()
    api.force_authenticate(other)

    assert api.get(RUNS).json()["results"] == []
    assert Plan.objects.filter(customer=other).count() == 0
