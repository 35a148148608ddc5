"""Reminders of lists that wait, and the week in one mail: who, when, how often, and what it looks like."""

from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image

from funds.payments.services import fund_wallets
from links.alerts.tests.factories import LinkFactory, PricedPageFactory
from links.models import Contribution, Gift, GiftList, PricePoint
from marketplace.core.clock import platform_day
from marketplace.core.ids import uuid7
from marketplace.core.jobs import JobSlot
from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain
from notifications.delivery.mail import mail_for
from notifications.inbox.models import InboxItem, Message
from notifications.inbox.rendering import params_of, render
from notifications.preferences.models import Preference
from notifications.summaries import services
from notifications.summaries.pictures import HEIGHT, WIDTH, bars
from promotions.flash.tests.factories import make_variant
from purchases.autobuy.models import AutoPurchase, Plan, Schedule
from users import facade as users
from users.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)  # nine o'clock in Mexico City
LAST_WEEK = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)


def never() -> bool:
    return False


def wish(owner: Any, *, touched: datetime = LAST_WEEK, **values: Any) -> Gift:
    """A coffee maker on the owner's list “Boda”, which was last touched then."""
    held = GiftList.objects.filter(owner=owner).first() or GiftList.objects.create(
        owner=owner, name="Boda", currency="MXN", share_token=uuid7().hex
    )
    if "variant" not in values:
        values.setdefault("link", LinkFactory.create(customer=owner))
    gift = Gift.objects.create(gift_list=held, added_by=owner, **values)
    Gift.objects.filter(pk=gift.pk).update(created_at=touched, updated_at=touched)
    GiftList.objects.filter(pk=held.pk).update(updated_at=touched)
    return gift


def remind(at: datetime) -> int:
    return services.remind_of_lists(at=at, is_over=never)


def summarise(at: datetime = MONDAY) -> int:
    return services.tell_of_weeks(at=at, is_over=never)


def told(owner: Any, kind: str) -> list[Message]:
    rows = InboxItem.objects.filter(customer=owner.pk, message__kind=kind).select_related("message").order_by("pk")
    return [row.message for row in rows]


# --- reminders


def test_a_list_that_waits_is_remembered_once_a_cadence():
    owner, busy = UserFactory.create(), UserFactory.create()
    wish(owner, touched=MONDAY - timedelta(days=15))
    variant = make_variant()
    wish(owner, touched=MONDAY - timedelta(days=15), priority=3, link=None, variant=variant)
    wish(busy, touched=MONDAY - timedelta(days=13))

    counts = [remind(MONDAY + timedelta(days=days)) for days in (0, 0, 1, 13)]

    assert counts == [1, 0, 0, 1]  # the other one at the end: by then its list waits, too
    [message] = told(owner, "list_reminder")
    assert (message.params["list"], message.params["count"]) == ("Boda", "2")
    assert message.params["item"] == variant.product.name
    assert render(message, "en").body.startswith("On your list “Boda” wait: 2, first of all ")
    assert remind(MONDAY + timedelta(days=14)) == 1
    assert len(told(owner, "list_reminder")) == 2


@pytest.mark.parametrize("state", ["closed", "received", "fresh gift", "unwanted"])
def test_nobody_is_reminded_of_what_does_not_wait(state):
    owner = UserFactory.create()
    gift = wish(owner, touched=MONDAY - timedelta(days=30))
    match state:
        case "closed":
            GiftList.objects.update(state="closed")
        case "received":
            Gift.objects.update(state="received")
        case "fresh gift":
            wish(owner, touched=MONDAY - timedelta(days=30), state="removed")
            Gift.objects.exclude(pk=gift.pk).update(updated_at=MONDAY)
        case "unwanted":
            Preference.objects.create(customer=owner.pk, kind="list_reminder", channel="inbox", is_on=False)

    assert remind(MONDAY) == 0
    assert told(owner, "list_reminder") == []


def test_rounds_begin_at_eight_by_the_platforms_clock():
    wish(UserFactory.create(), touched=MONDAY - timedelta(days=30))

    assert remind(MONDAY - timedelta(hours=2)) == 0
    assert summarise(MONDAY - timedelta(hours=2)) == 0
    assert not JobSlot.objects.filter(job__startswith="notifications.").exists()


# --- the week


def test_a_week_in_figures():
    owner = UserFactory.create()
    fund_wallets(rows=[(owner.pk, Money(50_000, "MXN"), uuid7().hex)])
    page = PricedPageFactory.create(price_minor=99_900)
    gift = wish(owner, link=LinkFactory.create(customer=owner, page=page))
    for at, minor in ((LAST_WEEK - timedelta(days=9), 129_900), (LAST_WEEK, 99_900)):
        PricePoint.objects.create(
            page_id=page.pk, at=at, price_minor=minor, currency="MXN", availability="in_stock", method="json_ld",
            confidence=95,
        )  # fmt: skip
    Contribution.objects.create(
        contributor=UserFactory.create(), gift=gift, currency="MXN", amount_minor=20_000, used_minor=5_000, journal_id=1
    )
    schedule = Schedule.objects.create(plan=Plan.objects.create(customer=owner), gift=gift, kind="balance")
    bought = AutoPurchase.objects.create(
        customer=owner, gift=gift, schedule=schedule, state="bought", title="Tostador", price_minor=30_000,
        held_minor=34_500, cost_minor=31_000, currency="MXN",
    )  # fmt: skip
    AutoPurchase.objects.filter(pk=bought.pk).update(created_at=LAST_WEEK)
    today = platform_day(timezone.now())
    this_week = today - timedelta(days=today.weekday())

    week = services.weeks_of([owner.pk], date(2026, 11, 30))[owner.pk]
    money = services.weeks_of([owner.pk], this_week + timedelta(weeks=1))[owner.pk]

    assert (week["from"], week["to"], len(week["weeks"])) == ("2026-11-23", "2026-11-29", services.WEEKS_SHOWN)
    assert week["bought"] == [{"title": "Tostador", "cost": {"minor": 31_000, "currency": "MXN"}}]
    assert week["wishes"] == [
        {
            "title": "Cafetera de goteo",
            "price": {"minor": 99_900, "currency": "MXN"},
            "before": {"minor": 129_900, "currency": "MXN"},
        }
    ]
    assert (week["wish_count"], week["cheaper_count"], week["bought_count"]) == ("1", "1", "1")
    assert week["pots"] == [{"list": "Boda", "amount": {"minor": 15_000, "currency": "MXN"}}]
    assert (money["incoming"], money["outgoing"]) == (
        {"minor": 50_000, "currency": "MXN"},
        {"minor": 0, "currency": "MXN"},
    )


def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries):
    owners = [UserFactory.create() for _ in range(12)]
    for owner in owners:
        wish(owner)
        wish(owner, link=None, variant=make_variant())
        fund_wallets(rows=[(owner.pk, Money(50_000, "MXN"), uuid7().hex)])

    with django_assert_max_num_queries(13):
        found = services.weeks_of([owner.pk for owner in owners], MONDAY.date())

    assert len(found) == 12


def test_it_is_told_on_mondays_once_however_often_the_clock_ticks(monkeypatch):
    monkeypatch.setattr(services, "PAGE", 2)
    owners = [UserFactory.create() for _ in range(5)]
    for owner in owners:
        wish(owner)
    off = owners[0]
    Preference.objects.create(customer=off.pk, kind="weekly_summary", channel="inbox", is_on=False)

    # Sunday; a turn that ends after a page; the rest; again; the next day; the next week.
    turns = iter([False, True])
    half = services.tell_of_weeks(at=MONDAY, is_over=lambda: next(turns))
    counts = [summarise(MONDAY + timedelta(days=days)) for days in (-1, 0, 0, 1, 7)]

    assert half + counts[1] == 4
    assert (counts[0], counts[2], counts[3], counts[4]) == (0, 0, 0, 4)
    assert half in {1, 2}
    assert [len(told(owner, "weekly_summary")) for owner in owners] == [0, 2, 2, 2, 2]


def test_whoever_has_nothing_to_be_told_is_told_nothing():
    GiftList.objects.create(owner=UserFactory.create(), name="Leer", currency="MXN", share_token=uuid7().hex)

    assert summarise() == 0


@pytest.mark.parametrize(("language", "words"), [("en", "Still wanted"), ("es", "Aún en tu lista")], ids=["en", "es"])
def test_the_mail_shows_a_picture_and_says_it_in_words(language, words):
    owner = UserFactory.create(name="Ana")
    owner.profile.language = language
    owner.profile.save()
    wish(owner, link=LinkFactory.create(customer=owner, page=PricedPageFactory.create(title="<b>Café & té</b>")))
    summarise()
    drain()
    [message] = told(owner, "weekly_summary")

    mail = mail_for(message, users.contacts([owner.pk])[owner.pk])

    parsed = message_from_bytes(mail.message().as_bytes(), policy=default)
    assert parsed.get_content_type() == "multipart/related"
    parts = {part.get_content_type(): part for part in parsed.walk()}
    picture = parts["image/png"]
    assert picture["Content-ID"] == "<week>"
    image = Image.open(BytesIO(picture.get_content()))
    assert image.size == (WIDTH, HEIGHT)
    html, plain = parts["text/html"].get_content(), parts["text/plain"].get_content()
    assert 'src="cid:week"' in html
    assert "&lt;b&gt;Café &amp; té&lt;/b&gt;" in html
    assert "<b>Café & té</b>: 1,299.00 MXN" in plain
    assert words in html
    assert words in plain
    assert {"en": "2026-11-23", "es": "23/11/2026"}[language] in plain  # the picture in words
    assert "List-Unsubscribe" in parsed


def test_the_api_writes_its_money_as_everywhere():
    owner = UserFactory.create()
    wish(owner)
    summarise()

    params = params_of(told(owner, "weekly_summary")[0])

    assert params["wishes"][0]["price"] == {"amount": "1299.00", "currency": "MXN"}
    assert params["weeks"][0]["incoming"] == {"amount": "0.00", "currency": "MXN"}


@pytest.mark.parametrize("largest", [0, 1, 10**13])
def test_a_picture_of_any_amounts(largest):
    money = {"minor": largest, "currency": "MXN"}
    weeks = [{"starts_on": "2026-11-23", "incoming": money, "outgoing": {"minor": 0, "currency": "MXN"}}] * 6

    image = Image.open(BytesIO(bars(weeks)))

    found = image.convert("RGB")
    assert image.format == "PNG"
    # In the middle of the first bar: over the line, and at the top.
    assert [found.getpixel((60, row)) == (0x15, 0x80, 0x3D) for row in (260, 62)] == [largest > 0] * 2
    assert len(bars(weeks)) < 20_000
