"""The lift that operators see is that of the last whole day."""

from datetime import timedelta

import pytest
from django.utils import timezone

from promotions.flash.tests.factories import make_promo, make_variant
from promotions.models import FlashPromo
from purchases import metrics
from purchases.sales_days.services import add_up_all, touch_everything
from users.accounts.tests.factories import UserFactory

from .factories import sold


@pytest.mark.django_db
def test_lift_is_of_yesterday_and_absent_without_a_promotion():
    now = timezone.now()
    variant, customer = make_variant(on_hand=90), UserFactory()
    for back, units in {1: 15, 8: 6, 15: 6, 22: 6, 29: 6, 36: 1}.items():
        sold([variant], at=now - timedelta(days=back), quantities=[units], customer=customer)
    touch_everything()
    add_up_all()
    before = metrics.promotion_lift()
    promo = make_promo(variant, units=1)
    yesterday = now - timedelta(days=1)
    FlashPromo.objects.filter(pk=promo.pk).update(
        starts_at=yesterday, started_at=yesterday, ends_at=now - timedelta(hours=23), ended_at=now - timedelta(hours=23)
    )

    assert before == {}
    assert metrics.promotion_lift() == {(): 2.5}
