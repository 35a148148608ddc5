"""What the wallet routes look like in the API's documentation."""

from drf_spectacular.utils import OpenApiExample

DEPOSIT_JSON = {
    "id": "0198c0de-7a10-7c3e-8f52-3b1d9e0c4a11",
    "kind": "deposit",
    "state": "created",
    "direction": "in",
    "amount": {"amount": "500.00", "currency": "MXN"},
    "balance_after": None,
    "provider": "sandbox",
    "checkout_url": None,
    "source": "deposit:0198c0de-7a10-7c3e-8f52-3b1d9e0c4a11",
    "note": "",
    "created_at": "2026-01-31T16:00:00Z",
}
ENTRY_JSON = {
    **DEPOSIT_JSON,
    "id": "4711",
    "kind": "order_payment",
    "state": "posted",
    "direction": "out",
    "amount": {"amount": "89.90", "currency": "MXN"},
    "balance_after": {"amount": "410.10", "currency": "MXN"},
    "provider": None,
    "source": "order:0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2",
}
DEPOSIT_REQUEST = OpenApiExample(
    "Bring in 500 pesos",
    {"amount": {"amount": "500.00", "currency": "MXN"}, "provider": "sandbox"},
    request_only=True,
)
DEPOSIT_ANSWER = OpenApiExample("On its way", DEPOSIT_JSON, response_only=True, status_codes=["202"])
DEPOSIT = OpenApiExample("A deposit", DEPOSIT_JSON, response_only=True)
ENTRY = OpenApiExample("A payment", ENTRY_JSON, response_only=True)
WALLETS = OpenApiExample(
    "One wallet",
    {
        "wallets": [
            {
                "currency": "MXN",
                "available": {"amount": "410.10", "currency": "MXN"},
                "held": {"amount": "0.00", "currency": "MXN"},
                "deposited": {"amount": "500.00", "currency": "MXN"},
                "spent": {"amount": "89.90", "currency": "MXN"},
            }
        ]
    },
)
HOLD = OpenApiExample(
    "A hold",
    {
        "id": "0198c0e1-55aa-7d10-b1f4-08c2d7e93b60",
        "state": "active",
        "amount": {"amount": "120.00", "currency": "MXN"},
        "captured": {"amount": "0.00", "currency": "MXN"},
        "source": "order:0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2",
        "expires_at": "2026-01-31T16:15:00Z",
        "created_at": "2026-01-31T16:00:00Z",
    },
    response_only=True,
)
SUMMARY = OpenApiExample(
    "A month",
    {
        "period": "month",
        "time_zone": "America/Mexico_City",
        "sums": [
            {
                "starts_on": "2026-01-01",
                "currency": "MXN",
                "deposited": {"amount": "500.00", "currency": "MXN"},
                "spent": {"amount": "89.90", "currency": "MXN"},
                "incoming": {"amount": "500.00", "currency": "MXN"},
                "outgoing": {"amount": "89.90", "currency": "MXN"},
            }
        ],
    },
    response_only=True,
)
CANCEL_REQUEST = OpenApiExample("Call it off", {"state": "cancelled"}, request_only=True)
CANCEL_ANSWER = OpenApiExample("Called off", {**DEPOSIT_JSON, "state": "cancelled"}, response_only=True)
SETTINGS = OpenApiExample(
    "Limits in pesos",
    {
        "settings": [
            {
                "currency": "MXN",
                "weekly_limit": {"amount": "1500.00", "currency": "MXN"},
                "low_balance_threshold": {"amount": "200.00", "currency": "MXN"},
            }
        ]
    },
    response_only=True,
)
SETTINGS_REQUEST = OpenApiExample(
    "At most 1,500 pesos a week",
    {"weekly_limit": {"amount": "1500.00", "currency": "MXN"}},
    request_only=True,
)
PAYOUT_JSON = {
    "id": "0198c0e5-0b5c-7a33-9d1e-6f0c2b7a4e88",
    "state": "requested",
    "amount": {"amount": "250.00", "currency": "MXN"},
    "destination": "…9719",
    "note": "rent",
    "failure": "",
    "created_at": "2026-01-31T16:00:00Z",
    "settled_at": None,
}
WITHDRAWAL = OpenApiExample(
    "Settled",
    {**PAYOUT_JSON, "state": "settled", "settled_at": "2026-01-31T16:02:11Z"},
    response_only=True,
)
WITHDRAWAL_REQUEST = OpenApiExample(
    "Withdraw 250 pesos",
    {"amount": {"amount": "250.00", "currency": "MXN"}, "destination": "032180000118359719", "note": "rent"},
    request_only=True,
)
WITHDRAWAL_ANSWER = OpenApiExample("On its way", PAYOUT_JSON, response_only=True, status_codes=["202"])
WITHDRAWAL_CANCELLED = OpenApiExample("Called off", {**PAYOUT_JSON, "state": "cancelled"}, response_only=True)
