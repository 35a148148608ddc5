"""After an import: a flash promotion near a customer of the data, reserved and bought through HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from marketplace.core.outbox.relay import drain
from marketplace.tests import journeys as j

from .dataset import key, tiny, write

PASSWORD = "obrigado-2017"
RESERVATIONS = "/api/v1/promotions/promo-reservations/"


def reais(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "BRL"}


@pytest.mark.django_db
def test_imported_customer_buys_at_an_imported_store(tmp_path):
    call_command("import_olist", path=write(tmp_path, tiny()), password=PASSWORD, jitter_km=1.0, verbosity=0)
    customer, staff = APIClient(), j.administrator()
    credentials = {"email": f"{key('d', 1)}@olist.example", "password": PASSWORD}
    tokens = j.ok(customer.post("/api/v1/auth/token/", credentials, format="json"))
    customer.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
    deposit = {"amount": reais("100.00"), "provider": "sandbox"}
    j.ok(customer.post("/api/v1/funds/", deposit, format="json", **j.key()), 202)
    drain()
    promo = promote(staff)

    eligible = j.ok(customer.get("/api/v1/promotions/flash-promos/eligible/"))["results"]
    reservation = j.ok(customer.post(RESERVATIONS, {"promo": promo["id"]}, format="json"), 201)
    bought = j.ok(customer.post(f"{RESERVATIONS}{reservation['id']}/complete/", {}, format="json", **j.key()))

    assert [row["id"] for row in eligible] == [promo["id"]]
    assert bought["order"]["total"] == reais("49.90")
    stock = j.ok(staff.get(f"/api/v1/inventory/stock/?variant={promo['variant']}"))["results"][0]
    assert (stock["on_hand"], stock["allocated"]) == (19, 0)


def promote(staff: APIClient) -> dict[str, Any]:
    store = j.ok(staff.get(f"/api/v1/market/stores/?search=olist-{key('a', 1)}"))["results"][0]
    product = j.ok(staff.get(f"/api/v1/market/products/?store={store['id']}"))["results"][0]
    variant = j.ok(staff.get(f"/api/v1/market/products/{product['id']}/variants/"))["results"][0]
    now = timezone.now()
    body = {
        "variant": variant["id"],
        "store": store["id"],
        "promo_price": reais("49.90"),
        "starts_at": (now - timedelta(seconds=5)).isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
        "segments": [],
        "radius_km": 2.0,
        "units": 1,
        "is_active": True,
    }
    promo: dict[str, Any] = j.ok(staff.post("/api/v1/promotions/flash-promos/", body, format="json"), 201)
    return promo
