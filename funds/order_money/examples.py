"""What the routes of orders' payments and stores' accounts look like in the API's documentation."""

from drf_spectacular.utils import OpenApiExample

PAYMENT = OpenApiExample(
    "Partly from the wallet",
    {
        "id": "0198c0e6-3c0e-7b55-8a4f-5e1f9c2d7b10",
        "order": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2",
        "state": "awaiting",
        "total": {"amount": "350.00", "currency": "MXN"},
        "from_wallet": {"amount": "100.00", "currency": "MXN"},
        "provider": "sandbox",
        "deposit": "0198c0e6-3c11-7d20-b0c3-1a2b3c4d5e6f",
        "checkout_url": None,
        "expires_at": "2026-01-31T16:30:00Z",
        "paid_at": None,
        "created_at": "2026-01-31T16:00:00Z",
    },
    response_only=True,
)
STORE = OpenApiExample(
    "Earned, set aside, paid out",
    {
        "store": "0198c0a1-5f00-7c00-9a00-0d1e2f3a4b5c",
        "balances": [
            {
                "currency": "MXN",
                "payable": {"amount": "1810.00", "currency": "MXN"},
                "reserved": {"amount": "500.00", "currency": "MXN"},
                "paid_out": {"amount": "12000.00", "currency": "MXN"},
            }
        ],
    },
    response_only=True,
)
STORE_ENTRY = OpenApiExample(
    "A delivered order",
    {
        "id": "5120",
        "kind": "order_settlement",
        "direction": "in",
        "amount": {"amount": "90.00", "currency": "MXN"},
        "source": "order:0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2",
        "created_at": "2026-01-31T16:00:00Z",
    },
    response_only=True,
)
PAYOUT_JSON = {
    "id": "0198c0e7-9f42-7e01-8c55-2b6d0a9e3f77",
    "state": "requested",
    "amount": {"amount": "500.00", "currency": "MXN"},
    "destination": "…9719",
    "note": "",
    "failure": "",
    "created_at": "2026-01-31T16:00:00Z",
    "settled_at": None,
}
PAYOUT = OpenApiExample("A payout", PAYOUT_JSON, response_only=True)
PAYOUT_REQUEST = OpenApiExample(
    "Pay out 500 pesos",
    {"amount": {"amount": "500.00", "currency": "MXN"}, "destination": "032180000118359719"},
    request_only=True,
)
PAYOUT_ANSWER = OpenApiExample("On its way", PAYOUT_JSON, response_only=True, status_codes=["202"])
