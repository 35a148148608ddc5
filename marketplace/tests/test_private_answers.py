"""What is one person's own is kept by no cache, refusals included: money, account, messages, reservations."""

import pytest
from rest_framework.test import APIClient

from purchases.checkout.tests.factories import shopper

pytestmark = pytest.mark.django_db
PERSONAL = [
    "funds/",
    "funds/deposits/",
    "funds/transactions/",
    "funds/summary/",
    "funds/holds/",
    "funds/settings/",
    "users/me/",
    "users/me/profile/",
    "users/me/addresses/",
    "notifications/",
    "notifications/preferences/",
    "notifications/devices/",
    "promotions/promo-reservations/",
    "loyalty/profile/",
    "loyalty/statement/",
    "loyalty/levels/",
    "loyalty/rewards/",
    "loyalty/redemptions/",
]


@pytest.mark.parametrize("path", PERSONAL)
def test_what_is_ones_own_is_kept_by_nobody(api, path):
    refused = APIClient().get(f"/api/v1/{path}")
    api.force_authenticate(shopper())
    answer = api.get(f"/api/v1/{path}")

    assert (refused.status_code, answer.status_code) == (401, 200)
    assert refused.headers["Cache-Control"] == answer.headers["Cache-Control"] == "no-store"
