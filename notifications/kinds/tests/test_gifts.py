"""Who is told what of price alerts, gift lists and purchases that make themselves; in which words."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from links.alerts.tests.factories import LinkFactory, PriceAlertFactory
from links.events import ContributionMade, ContributionReturned, GiftClaimed, GiftListClosed, PriceAlertRaised
from links.models import Contribution, Gift, GiftList
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain
from notifications.delivery.mail import mail_for
from notifications.inbox.models import InboxItem
from notifications.inbox.rendering import render
from purchases.autobuy.models import AutoPurchase, PurchaseTicket
from purchases.events import AutoPurchaseAsked, AutoPurchaseEnded, AutoPurchaseMade, AutoPurchaseShort
from purchases.orders.tests.factories import OrderFactory
from users import facade as users
from users.accounts.tests.factories import StaffFactory, UserFactory

pytestmark = pytest.mark.django_db
FIVE = Money(50_000, "MXN")


@pytest.fixture
def owner():
    return UserFactory.create(name="Ana")


@pytest.fixture
def gift(owner):
    """A coffee maker at 1,299.00 MXN on Ana's list, which keeps its surprise."""
    held = GiftList.objects.create(owner=owner, name="Boda", currency="MXN", share_token=uuid7().hex)
    return Gift.objects.create(gift_list=held, link=LinkFactory.create(customer=owner), added_by=owner)


def told(user: Any) -> list[tuple[str, str, str]]:
    """Kinds with their English titles and bodies, oldest first."""
    items = InboxItem.objects.filter(customer=user.pk).select_related("message").order_by("pk")
    return [(item.message.kind, *_words(item.message, "en")) for item in items]


def _words(message: Any, language: str) -> tuple[str, str]:
    text = render(message, language)
    return text.title, text.body


def happen(event: Any) -> None:
    """Twice, as a relay may: told once."""
    for _ in range(2):
        publish(event)
        drain()


def contribution(giver: Any, gift: Any, **values: Any) -> Contribution:
    return Contribution.objects.create(
        contributor=giver, gift=gift, key=uuid4().hex, currency="MXN", amount_minor=FIVE.minor, journal_id=1, **values
    )


def purchase(gift: Any, **values: Any) -> AutoPurchase:
    return AutoPurchase.objects.create(
        **{
            "customer": gift.gift_list.owner,
            "gift": gift,
            "state": "queued",
            "title": "Cafetera de goteo",
            "price_minor": 129_900,
            "held_minor": 149_385,
            "currency": "MXN",
        }
        | values
    )


def test_a_price_alert():
    alert = PriceAlertFactory.create()

    happen(
        PriceAlertRaised(
            alert_id=alert.pk,
            customer_id=alert.customer_id,
            direction="down",
            price=Money(99_000, "MXN"),
            reference=Money(99_900, "MXN"),
            raised_at=timezone.now(),
        )
    )

    [(kind, title, body)] = told(alert.customer)
    assert (kind, title) == ("price_alert", "Cafetera de goteo costs 990.00 MXN now")
    assert "999.00 MXN" in body
    assert InboxItem.objects.get().message.params["url"] == alert.link.page.canonical_url


def test_contributions_say_who_gave_unless_they_would_not_have_it(owner, gift):
    giver = UserFactory.create(name="Luis")
    named = contribution(giver, gift, message="¡Felicidades!")
    hidden = contribution(giver, gift, is_anonymous=True)

    for row in (named, hidden):
        happen(
            ContributionMade(
                contribution_id=row.pk,
                contributor_id=giver.pk,
                owner_id=owner.pk,
                gift_list_id=gift.gift_list_id,
                amount=FIVE,
            )
        )

    first, second = told(owner)
    assert first[:2] == ("contribution_made", "Luis gave 500.00 MXN")
    assert "¡Felicidades!" in first[2]
    assert second[:2] == ("contribution_anonymous", "Somebody gave 500.00 MXN")
    params = InboxItem.objects.filter(customer=owner.pk).latest("pk").message.params
    assert "Luis" not in str(params)
    assert str(giver.pk) not in str(params)
    assert told(giver) == []


def test_what_somebody_gives_to_their_own_list_is_no_news(owner, gift):
    row = contribution(owner, gift)

    happen(
        ContributionMade(
            contribution_id=row.pk, contributor_id=owner.pk, owner_id=owner.pk, gift_list_id=None, amount=FIVE
        )
    )

    assert told(owner) == []


def test_a_list_is_closed_and_what_was_left_goes_back(owner, gift):
    giver = UserFactory.create()
    row = contribution(giver, gift)

    happen(GiftListClosed(gift_list_id=gift.gift_list_id, owner_id=owner.pk, left=FIVE, closed_at=timezone.now()))
    happen(
        ContributionReturned(
            contribution_id=row.pk, contributor_id=giver.pk, gift_list_id=gift.gift_list_id, amount=FIVE
        )
    )

    assert [row[:2] for row in told(owner)] == [("gift_list_closed", "Your list “Boda” is closed")]
    assert [row[:2] for row in told(giver)] == [("contribution_returned", "500.00 MXN came back to you")]


@pytest.mark.parametrize("keeps_surprise", [True, False])
def test_a_claim_is_told_only_where_it_is_no_surprise(owner, gift, keeps_surprise):
    GiftList.objects.update(keeps_surprise=keeps_surprise)

    happen(GiftClaimed(gift_id=gift.pk, gift_list_id=gift.gift_list_id, claim_id=uuid7()))

    assert [row[0] for row in told(owner)] == ([] if keeps_surprise else ["gift_claimed"])


def test_a_question_says_until_when_on_the_customers_clock(owner, gift):
    profile = owner.profile
    profile.time_zone = "America/Argentina/Buenos_Aires"
    profile.save()
    row = purchase(gift, state="asked")

    happen(
        AutoPurchaseAsked(
            purchase_id=row.pk,
            customer_id=owner.pk,
            gift_id=gift.pk,
            price=Money(129_900, "MXN"),
            reason="jump",
            answer_by=datetime(2026, 12, 1, 2, 30, tzinfo=UTC),
        )
    )

    [(kind, title, body)] = told(owner)
    assert (kind, title) == ("auto_purchase_asked", "Shall we buy Cafetera de goteo for 1,299.00 MXN?")
    assert "2026-11-30 23:30 -03" in body


def test_a_purchase_in_another_shop_tells_the_customer_and_whoever_buys_there(owner, gift):
    buyer, other = StaffFactory.create(), StaffFactory.create()
    buyer.user_permissions.add(Permission.objects.get(codename="change_purchaseticket"))
    row = purchase(gift)

    happen(
        AutoPurchaseMade(
            purchase_id=row.pk, customer_id=owner.pk, gift_id=gift.pk, order_id=None, held=Money(149_385, "MXN")
        )
    )

    [(kind, _title, body)] = told(owner)
    assert kind == "auto_purchase_queued"
    assert "1,493.85 MXN" in body
    assert [row[:2] for row in told(buyer)] == [("purchase_ticket_opened", "To buy in another shop: Cafetera de goteo")]
    assert told(other) == []


def test_a_purchase_of_the_catalogue_names_its_order_and_troubles_no_staff(owner, gift):
    buyer = StaffFactory.create(is_superuser=True)
    order = OrderFactory.create(customer=owner)
    row = purchase(gift, state="ordered", order=order)

    happen(
        AutoPurchaseMade(
            purchase_id=row.pk, customer_id=owner.pk, gift_id=gift.pk, order_id=order.pk, held=Money(129_900, "MXN")
        )
    )

    [(kind, _title, body)] = told(owner)
    assert kind == "auto_purchase_ordered"
    assert order.number in body
    assert told(buyer) == []


@pytest.mark.parametrize("state", ["bought", "released"])
def test_the_end_says_what_it_cost_or_why_not(owner, gift, state):
    row = purchase(gift, state=state)
    now = timezone.now()
    PurchaseTicket.objects.create(
        purchase=row,
        url="https://shop.example/1",
        opened_at=now,
        due_at=now + timedelta(hours=1),
        reason="" if state == "bought" else "Agotado en todas sus tallas.",
    )

    happen(
        AutoPurchaseEnded(
            purchase_id=row.pk,
            customer_id=owner.pk,
            gift_id=gift.pk,
            state=state,
            cost=Money(131_000, "MXN") if state == "bought" else None,
            returned=Money(18_385, "MXN"),
            reason="" if state == "bought" else "given_up",
        )
    )

    [(kind, _title, body)] = told(owner)
    assert kind == f"auto_purchase_{state}"
    assert ("1,310.00 MXN" if state == "bought" else "Agotado en todas sus tallas.") in body
    assert "183.85 MXN" in body


@pytest.mark.parametrize(
    ("outcome", "kind"), [("insufficient_funds", "auto_purchase_short"), ("weekly_limit", "auto_purchase_limit")]
)
def test_what_holds_a_purchase_back(owner, gift, outcome, kind):
    happen(
        AutoPurchaseShort(
            customer_id=owner.pk, gift_id=gift.pk, outcome=outcome, missing=FIVE, noticed_at=timezone.now()
        )
    )

    assert [row[0] for row in told(owner)] == [kind]


def test_mails_speak_spanish_and_offer_no_switch_where_money_came_back(owner, gift):
    giver = UserFactory.create()
    row = contribution(giver, gift)
    happen(
        ContributionReturned(
            contribution_id=row.pk, contributor_id=giver.pk, gift_list_id=gift.gift_list_id, amount=FIVE
        )
    )

    message = InboxItem.objects.get(customer=giver.pk).message
    mail = mail_for(message, users.contacts([giver.pk])[giver.pk])

    assert mail.subject == "Recuperaste 500.00 MXN"
    assert "Boda" in str(mail.body)
    assert "Boda" in str(mail.alternatives[0][0])
    assert "List-Unsubscribe" not in mail.extra_headers


def test_a_code_is_not_shown_as_the_words_of_staff(owner, gift):
    row = purchase(gift, state="released", reason="hold_lapsed")
    now = timezone.now()
    PurchaseTicket.objects.create(
        purchase=row,
        url="https://shop.example/1",
        opened_at=now,
        due_at=now + timedelta(hours=1),
        reason="hold_lapsed",
    )

    happen(
        AutoPurchaseEnded(
            purchase_id=row.pk, customer_id=owner.pk, gift_id=gift.pk, state="released", cost=None, returned=FIVE,
            reason="hold_lapsed",
        )
    )  # fmt: skip

    [(_kind, _title, body)] = told(owner)
    assert "hold_lapsed" not in body
