"""Examples of the reference."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

LIST: dict[str, Any] = {
    "id": "0198c6a0-7a10-7c1e-9d5f-2b6f0a3c4d5e",
    "name": "Cumpleaños de Ana",
    "occasion_on": "2026-12-24",
    "currency": "MXN",
    "visibility": "shared",
    "share_token": "Jx2mJ3Xo8V1b0mC1T4n7bQ5zq0H8t9kE2rYw6uLdPfs",
    "state": "open",
    "on_close": "refund",
    "overfunding": "refuse",
    "keeps_surprise": True,
    "buys_itself": True,
    "owner": "0198c6a0-7a10-7c1e-9d5f-2b6f0a3c4d00",
    "owner_name": "Ana G.",
    "role": "owner",
    "contributed": {"amount": "350.00", "currency": "MXN"},
    "in_pot": {"amount": "350.00", "currency": "MXN"},
    "closed_at": None,
    "created_at": "2026-11-01T10:00:00Z",
    "updated_at": "2026-11-01T10:00:00Z",
}
GIFT: dict[str, Any] = {
    "id": "0198c6a0-7a10-7c1e-9d5f-2b6f0a3c4d5f",
    "gift_list": LIST["id"],
    "product_link": "0198c6a0-7a10-7c1e-9d5f-2b6f0a3c4d60",
    "variant": None,
    "title": "Bicicleta rodada 26",
    "url": "https://shop.example/bicicletas/26",
    "price": {"amount": "4999.00", "currency": "MXN"},
    "availability": "in_stock",
    "priority": "high",
    "position": 1,
    "note": "La azul, por favor",
    "is_enabled": True,
    "state": "wanted",
    "received_at": None,
    "contributed": {"amount": "500.00", "currency": "MXN"},
    "in_pot": {"amount": "500.00", "currency": "MXN"},
    "is_claimed": None,
    "is_claimed_by_me": False,
    "created_at": "2026-11-01T10:05:00Z",
    "updated_at": "2026-11-01T10:05:00Z",
}
SHARED: dict[str, Any] = {**LIST, "role": "guest", "gifts": [{**GIFT, "is_claimed": True}]}
EDITOR: dict[str, Any] = {"id": 12, "email": "luis@example.com", "added_at": "2026-11-01T10:00:00Z"}
CONTRIBUTION: dict[str, Any] = {
    "id": "0198c6a0-7a10-7c1e-9d5f-2b6f0a3c4d61",
    "gift_list": None,
    "gift": GIFT["id"],
    "beneficiary": None,
    "title": GIFT["title"],
    "amount": {"amount": "500.00", "currency": "MXN"},
    "used": {"amount": "0.00", "currency": "MXN"},
    "refunded": {"amount": "0.00", "currency": "MXN"},
    "message": "¡Felicidades!",
    "is_anonymous": False,
    "contributor_name": "Luis P.",
    "is_mine": True,
    "created_at": "2026-11-02T09:00:00Z",
}
CLAIM: dict[str, Any] = {
    "id": "0198c6a0-7a10-7c1e-9d5f-2b6f0a3c4d62",
    "gift": GIFT["id"],
    "token": "b3V0c2lkZXJzIG1heSB0YWtlIGl0IGJhY2sgdG9rZW4",
    "created_at": "2026-11-02T09:00:00Z",
}

A_LIST = OpenApiExample("A list", value=LIST, response_only=True)
NEW_LIST = OpenApiExample("A list", value={"name": LIST["name"], "visibility": "shared"}, request_only=True)
CHANGED_LIST = OpenApiExample("Everybody may see it", value={"visibility": "public"}, request_only=True)
A_SHARED_LIST = OpenApiExample("A shared list", value=SHARED, response_only=True)
A_GIFT = OpenApiExample("A gift", value=GIFT, response_only=True)
NEW_GIFT = OpenApiExample(
    "Of another shop",
    value={name: GIFT[name] for name in ("gift_list", "product_link", "priority", "note")},
    request_only=True,
)
MOVED_GIFT = OpenApiExample("To the top", value={"position": 0, "priority": "high"}, request_only=True)
RECEIVED_GIFT = OpenApiExample("It is here", value={"state": "received"}, request_only=True)
AN_EDITOR = OpenApiExample("An editor", value=EDITOR, response_only=True)
NEW_EDITOR = OpenApiExample("An editor", value={"email": EDITOR["email"]}, request_only=True)
A_CLAIM = OpenApiExample("A guest's claim", value=CLAIM, response_only=True)
NEW_CLAIM = OpenApiExample("A guest", value={"guest_name": "Tía Rosa"}, request_only=True)
A_CONTRIBUTION = OpenApiExample("A contribution", value=CONTRIBUTION, response_only=True)
MADE_CONTRIBUTION = OpenApiExample(
    "It is there", value={**CONTRIBUTION, "rest": None}, response_only=True, status_codes=["201"]
)
NEW_CONTRIBUTION = OpenApiExample(
    "Towards a gift",
    value={
        "gift": GIFT["id"],
        "amount": CONTRIBUTION["amount"],
        "message": CONTRIBUTION["message"],
        "share_token": LIST["share_token"],
    },
    request_only=True,
)
