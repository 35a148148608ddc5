"""What members are told of levels, points and rewards; in which words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain
from notifications.inbox.models import InboxItem
from notifications.inbox.rendering import render
from promotions.events import LoyaltyDowngraded, LoyaltyUpgraded, PointsExpiring
from promotions.loyalty.services.redeeming import redeem_reward
from promotions.loyalty.tests.factories import give, make_levels, make_reward
from users.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 4, 18, tzinfo=UTC)


@pytest.fixture
def ana():
    return UserFactory.create(name="Ana")


def told(user, language: str = "en") -> list[tuple[str, str, str]]:
    items = InboxItem.objects.filter(customer=user.pk).select_related("message").order_by("pk")
    texts = [(item.message.kind, render(item.message, language)) for item in items]
    return [(kind, text.title, text.body) for kind, text in texts]


def happen(event) -> None:
    """Twice, as a relay may: told once."""
    for _ in range(2):
        publish(event)
        drain()


def test_levels_up_and_down_are_told_by_name(ana):
    make_levels()
    happen(LoyaltyUpgraded(customer_id=ana.pk, from_level="", to_level="gold", at=AT))
    happen(LoyaltyDowngraded(customer_id=ana.pk, from_level="gold", to_level="bronze", at=AT + timedelta(days=1)))

    up, down = told(ana)

    assert up[:2] == ("loyalty_upgraded", "You are Gold now")
    assert down[:2] == ("loyalty_downgraded", "Your level is Bronze now")
    assert "Gold" in down[2]
    assert told(ana, "es")[0][1] == "Ahora eres nivel Gold"


def test_points_that_expire_soon(ana):
    happen(PointsExpiring(customer_id=ana.pk, points=120, expires_at=AT))

    [(kind, title, body)] = told(ana)

    assert (kind, title) == ("points_expiring", "120 of your points expire soon")
    assert "2026-05-04" in body


def test_a_voucher_says_how_long_it_waits_and_money_where_it_is(ana):
    give(ana.pk, 500, timezone.now())
    for kind in ("voucher", "wallet_credit"):
        redeem_reward(customer_id=ana.pk, reward_id=make_reward(kind).pk, at=timezone.now())
        drain()

    voucher, money = told(ana)

    assert voucher[:2] == ("voucher_ready", "Your reward: Fifty off")
    assert "waits until" in voucher[2]
    assert money[:2] == ("reward_credited", "50.00 MXN for your points")
