"""The wallet over HTTP, for tests."""

import json
from typing import Any
from uuid import UUID, uuid4

from rest_framework.test import APIClient

from users.models import User


def url(path: str = "") -> str:
    return f"/api/v1/funds/{path}"


def signed_in(customer: UUID) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.get(pk=customer))
    return client


def send(client: APIClient, method: str, path: str, body: Any, key: str = "") -> Any:
    """As bytes of our own making: the client would refuse to send half a character."""
    headers = {"Idempotency-Key": key or uuid4().hex}
    return client.generic(method, url(path), json.dumps(body), content_type="application/json", headers=headers)


def post(client: APIClient, path: str, body: Any, key: str = "") -> Any:
    return send(client, "POST", path, body, key)


def mxn(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "MXN"}


BAD_AMOUNTS: dict[str, Any] = {
    "negative": mxn("-1.00"),
    "plus": mxn("+1.00"),
    "minus zero": mxn("-0.00"),
    "too many decimals": mxn("1.001"),
    "decimals of a currency without": {"amount": "1.5", "currency": "CLP"},
    "arabic digits": mxn("١٢"),
    "full-width digits": mxn("１２"),
    "exponent": mxn("1e3"),
    "underscore": mxn("1_000"),
    "thousands": mxn("1,000.00"),
    "blank": mxn(" 1"),
    "newline": mxn("1\n"),
    "empty": mxn(""),
    "not a number": mxn("NaN"),
    "infinite": mxn("Infinity"),
    "huge": mxn("9" * 400),
    "just too large": mxn("1000000000000.00"),
    "nul": mxn("1\x00"),
    "lone surrogate": mxn("1\ud800"),
    "number": {"amount": 5, "currency": "MXN"},
    "bare text": "5.00",
    "list": ["5.00", "MXN"],
    "true": True,
    "unknown currency": {"amount": "5.00", "currency": "XXX"},
    "lower-case currency": {"amount": "5.00", "currency": "mxn"},
    "currency as number": {"amount": "5.00", "currency": 484},
    "currency with nul": {"amount": "5.00", "currency": "MXN\x00"},
    "currency as a lone surrogate": {"amount": "5.00", "currency": "\udfff"},
}
"""No money, whatever it is for."""
