"""Carts as the reference shows them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample


def _pesos(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "MXN"}


VARIANT = "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d61"
STORE = "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d60"
CART: dict[str, Any] = {
    "token": "0190b2f0c3d57c1c8a4e0d2f1b3c4d5e:YbU3q2x7wP0c6kq1VvJ0o0m2mB8S8aQyX3Q1C2mV0wI",
    "currency": "MXN",
    "lines": [
        {
            "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
            "variant": VARIANT,
            "product": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d62",
            "store": STORE,
            "store_name": "Talavera Don Pepe",
            "sku": "TAL-27-AZ",
            "name": "Plato de talavera 27 cm (azul)",
            "quantity": 2,
            "reservation": None,
            "expires_at": None,
            "unit_price": _pesos("349.00"),
            "price_was": _pesos("329.00"),
            "available": 14,
            "is_available": True,
            "total": _pesos("698.00"),
            "applied_benefits": [],
        }
    ],
    "coupons": [],
    "list_total": _pesos("698.00"),
    "discount": _pesos("0.00"),
    "goods_total": _pesos("698.00"),
    "shipping_total": _pesos("59.00"),
    "shipping": [{"store": STORE, "list_price": _pesos("59.00"), "price": _pesos("59.00")}],
    "total": _pesos("757.00"),
    "applied_benefits": [],
    "rejected_promotions": [
        {
            "rule": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d63",
            "kind": "campaign",
            "version": 3,
            "name": "Regreso a clases",
            "code": "min_ticket",
            "params": {"missing": "302.00 MXN"},
            "detail": "Buy for 302.00 MXN more to get this promotion.",
            "lines": [],
        }
    ],
    "unavailable": [],
}
OUTCOME = {"variant": VARIANT, "asked": 1, "quantity": 2, "result": "merged", "reason": ""}
CART_EXAMPLE = OpenApiExample("A cart", value=CART, response_only=True)
MERGED_EXAMPLE = OpenApiExample("Merged", value={**CART, "token": None, "merge": [OUTCOME]}, response_only=True)
