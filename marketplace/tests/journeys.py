"""Steps that journeys share: people acting through HTTP, nothing behind the API's back."""

import re
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient

from marketplace.core.ids import uuid7
from marketplace.core.outbox.relay import drain

PASSWORD = "correct-horse-battery"
ZOCALO = {"latitude": 19.4326, "longitude": -99.1332}


def money(amount: str) -> dict[str, str]:
    """An amount as the API writes it."""
    return {"amount": amount, "currency": "MXN"}


def ok(response: Any, status: int = 200) -> Any:
    """The body of an answer that must have this status."""
    assert response.status_code == status, (response.status_code, response.content)
    return response.json()


def key() -> dict[str, Any]:
    """A fresh Idempotency-Key header."""
    return {"HTTP_IDEMPOTENCY_KEY": uuid7().hex}


def administrator() -> APIClient:
    """A signed-in superuser."""
    client = APIClient()
    client.force_authenticate(get_user_model().objects.create_superuser(f"root-{uuid7().hex}@example.com", PASSWORD))
    return client


def registered_customer(email: str | None = None, place: dict[str, float] | None = None) -> APIClient:
    """Registers, follows the mail's link, logs in, says where they are."""
    email = email or f"ana-{uuid7().hex}@example.com"
    client = APIClient()
    ok(client.post("/api/v1/users/", {"email": email, "password": PASSWORD, "name": "Ana"}, format="json"), 202)
    drain()
    letter = next(message for message in reversed(mail.outbox) if message.to == [email])
    found = re.search(r"token=([A-Za-z0-9_.-]+)", str(letter.body))
    assert found is not None
    ok(client.post("/api/v1/users/verify-email/", {"token": found.group(1)}, format="json"))
    tokens = ok(client.post("/api/v1/auth/token/", {"email": email, "password": PASSWORD}, format="json"))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
    ok(client.patch("/api/v1/users/me/profile/", place or ZOCALO, format="json"))
    return client


def deposit(client: APIClient, amount: str) -> None:
    """Puts money into the wallet through the sandbox provider."""
    ok(client.post("/api/v1/funds/", {"amount": money(amount), "provider": "sandbox"}, format="json", **key()), 202)
    drain()


def available(client: APIClient) -> str:
    """What the wallet can spend."""
    wallets = ok(client.get("/api/v1/funds/"))["wallets"]
    return str(next((w["available"]["amount"] for w in wallets if w["available"]["currency"] == "MXN"), "0.00"))


def stocked_variant(staff: APIClient, quantity: int = 10, price: str = "499.00") -> dict[str, Any]:
    """A store at the Zócalo with one product on the shelf."""
    tag = uuid7().hex
    department = ok(staff.post("/api/v1/users/departments/", {"name": "Food", "slug": f"d-{tag}"}, format="json"), 201)
    store = ok(staff.post("/api/v1/market/stores/", {"name": f"Store {tag}", **ZOCALO}, format="json"), 201)
    category = ok(
        staff.post(
            "/api/v1/market/categories/",
            {"name": "Fruit", "slug": f"c-{tag}", "department": department["id"]},
            format="json",
        ),
        201,
    )
    product = ok(
        staff.post(
            "/api/v1/market/products/",
            {"name": "Mango", "slug": f"p-{tag}", "category": category["id"], "store": store["id"]},
            format="json",
        ),
        201,
    )
    variant = ok(
        staff.post(
            f"/api/v1/market/products/{product['id']}/variants/",
            {"sku": f"S-{tag}", "price": money(price)},
            format="json",
        ),
        201,
    )
    movement = {"variant": variant["id"], "store": store["id"], "kind": "receive", "quantity": quantity}
    ok(staff.post("/api/v1/inventory/movements/", movement, format="json", **key()), 201)
    return {"variant": variant["id"], "store": store["id"]}


def running_promo(staff: APIClient, *, units: int = 1, price: str = "199.00", **overrides: Any) -> dict[str, Any]:
    """A flash promotion that started a moment ago."""
    now = timezone.now()
    body = {
        **stocked_variant(staff, quantity=units + 5),
        "promo_price": money(price),
        "starts_at": (now - timedelta(seconds=5)).isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
        "segments": [],
        "radius_km": 2.0,
        "units": units,
        "is_active": True,
        **overrides,
    }
    promo: dict[str, Any] = ok(staff.post("/api/v1/promotions/flash-promos/", body, format="json"), 201)
    return promo


def delivered(staff: APIClient, order: dict[str, Any]) -> None:
    """Each store packs its part and sends it, and it arrives."""
    for part in order["parts"]:
        parcel = ok(staff.post("/api/v1/shipments/", {"part": part["id"]}, format="json", **key()), 201)
        for state in ("shipped", "delivered"):
            ok(staff.patch(f"/api/v1/shipments/{parcel['id']}/", {"state": state}, format="json"))
    drain()


def partly_returned(staff: APIClient, customer: APIClient, order: dict[str, Any], reason: str) -> dict[str, Any]:
    """One unit of the first line goes back and is received as new; the return."""
    line = order["lines"][0]["id"]
    ask = {"lines": [{"line": line, "quantity": 1}], "reason": reason}
    returned = ok(customer.post(f"/api/v1/orders/{order['id']}/returns/", ask, format="json", **key()), 201)
    queue = f"/api/v1/admin/returns/{returned['id']}/"
    ok(staff.post(f"{queue}approve/", {}, format="json"))
    fates = {"lines": [{"line": line, "fate": "restock"}]}
    received: dict[str, Any] = ok(staff.post(f"{queue}receive/", fates, format="json", **key()))
    drain()
    return received
