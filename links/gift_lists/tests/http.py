"""Calls of the API for tests."""

from typing import Any
from uuid import uuid4

from rest_framework.test import APIClient

ROOT = "/api/v1"


def client(user: Any = None) -> APIClient:
    """Somebody's client, or a stranger's."""
    api = APIClient()
    if user is not None:
        api.force_authenticate(user)
    return api


def contribute(user: Any, *, key: str = "", **body: Any) -> Any:
    """POST funds/contributions/ of so many minor units of MXN."""
    minor = body.pop("minor", 10_000)
    body = {"amount": {"amount": f"{minor / 100:.2f}", "currency": "MXN"}} | body
    return client(user).post(
        f"{ROOT}/funds/contributions/", body, format="json", headers={"Idempotency-Key": key or uuid4().hex}
    )


def shared(gift_list: Any) -> str:
    """Where guests read the list."""
    return f"{ROOT}/gift-lists/shared/{gift_list.share_token}/"


def claim_url(gift: Any) -> str:
    """Where a gift is claimed."""
    return f"{shared(gift.gift_list)}gifts/{gift.pk}/claim/"
