"""Examples of the reference."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

SILVER: dict[str, Any] = {
    "key": "silver",
    "name": "Plata",
    "threshold": 100,
    "multiplier_bp": 15_000,
    "perks_json": ["Envío gratis los martes"],
}
GOLD: dict[str, Any] = {
    "key": "gold",
    "name": "Oro",
    "threshold": 500,
    "multiplier_bp": 20_000,
    "perks_json": ["Envío gratis los martes", "Acceso anticipado a promociones"],
}
PROFILE: dict[str, Any] = {
    "points": 340,
    "owed": 0,
    "level": SILVER,
    "level_since": "2026-10-02T17:20:11Z",
    "earned_in_window": 260,
    "window_days": 365,
    "next_level": GOLD,
    "missing": 240,
    "expiring": [
        {"points": 80, "expires_at": "2027-01-04T18:00:00Z"},
        {"points": 260, "expires_at": "2027-10-02T17:20:11Z"},
    ],
}
ENTRY: dict[str, Any] = {
    "id": "4711",
    "kind": "earned",
    "points": 60,
    "balance_after": 340,
    "reason": "",
    "created_at": "2026-11-12T16:05:00Z",
}
REWARD: dict[str, Any] = {
    "id": "0198c6a0-7a10-7c1e-9d5f-2b6f0a3c4e01",
    "name": "$50 de descuento",
    "kind": "voucher",
    "cost": 300,
    "amount": {"amount": "50.00", "currency": "MXN"},
    "min_ticket": {"amount": "200.00", "currency": "MXN"},
    "valid_days": 90,
    "level": None,
    "left_count": None,
    "missing": 0,
}
REDEMPTION: dict[str, Any] = {
    "id": "0198c6a0-7a10-7c1e-9d5f-2b6f0a3c4e10",
    "reward": REWARD["id"],
    "kind": "voucher",
    "name": REWARD["name"],
    "cost": 300,
    "amount": REWARD["amount"],
    "min_ticket": REWARD["min_ticket"],
    "state": "issued",
    "order": None,
    "expires_at": "2027-02-28T18:00:00Z",
    "used_at": None,
    "created_at": "2026-11-30T18:00:00Z",
}

A_PROFILE = OpenApiExample("On silver", value=PROFILE, response_only=True)
A_LINE = OpenApiExample("Earned by an order", value=ENTRY, response_only=True)
A_LEVEL = OpenApiExample("Silver", value=SILVER, response_only=True)
A_REWARD = OpenApiExample("A voucher", value=REWARD, response_only=True)
REDEEM = OpenApiExample("That reward", value={"reward": REWARD["id"]}, request_only=True)
A_REDEMPTION = OpenApiExample("A voucher that waits for an order", value=REDEMPTION, response_only=True)
