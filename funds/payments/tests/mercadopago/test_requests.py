"""Our requests beside the official SDK's, as the server received them."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from funds.payments.providers.mercadopago import MercadoPagoProvider
from marketplace.core.money import Money

from .sdk import official_sdk, with_key
from .server import TOKEN, FakeMercadoPago, Recorded

REFERENCE = UUID("0199c0de-0000-7000-8000-000000000001")
KEY = UUID("0199c0de-0000-7000-8000-00000000000a")
AT = datetime(2030, 1, 2, 3, 4, 5, 678000, UTC)
ITEM = {
    "id": str(REFERENCE),
    "title": "Wallet deposit",
    "quantity": 1,
    "currency_id": "MXN",
    "unit_price": 1234.50,
}
PREFERENCE = {
    "items": [ITEM],
    "external_reference": str(REFERENCE),
    "statement_descriptor": "MARKETPLACE",
    "back_urls": dict.fromkeys(("success", "pending", "failure"), "https://shop.example/wallet"),
    "auto_return": "approved",
    "notification_url": "https://shop.example/api/v1/funds/webhooks/mercadopago/?source_news=webhooks",
    "expires": True,
    "expiration_date_to": "2030-01-02T03:04:05.678+00:00",
    "date_of_expiration": "2030-01-02T03:04:05.678+00:00",
}

# Everything in which the two differ, and why.
ONLY_THE_SDK_SENDS = {
    "x-product-id",  # identifies the SDK to its makers
    "x-tracking-id",  # likewise, with the version of Python
}
ONLY_THE_SDK_SENDS_WHEN_IT_LOOKS = {
    *ONLY_THE_SDK_SENDS,
    "x-idempotency-key",  # a look-up has no effect to repeat
    "content-type",  # of a body that is not there
}
ONLY_WE_SEND_FOR_REFUNDS = {
    "x-render-in-process-refunds",  # a refund that hangs at the bank is not shown as a refusal
}
DIFFERENT = {
    "user-agent",  # who is calling
    "content-length",  # 1234.50 is written with the currency's decimals, the SDK writes a float's 1234.5
}


@pytest.fixture
def sdk(fake: FakeMercadoPago) -> Any:
    return official_sdk(url=fake.url, token=TOKEN)


def named(request: Recorded) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers}


def assert_alike(
    ours: Recorded,
    theirs: Recorded,
    *,
    only_theirs: set[str],
    only_ours: Collection[str] = (),
    different: set[str] = DIFFERENT,
) -> None:
    """Equal in method, path, query, body and headers, except for exactly the differences named above."""
    assert (ours.method, ours.path, ours.query) == (theirs.method, theirs.path, theirs.query)
    left, right = named(ours), named(theirs)
    assert right.keys() - left.keys() == only_theirs
    assert left.keys() - right.keys() == set(only_ours)
    assert {name for name in left.keys() & right.keys() if left[name] != right[name]} <= different
    if ours.body or theirs.body:
        bodies = [json.loads(body, parse_float=Decimal) for body in (ours.body, theirs.body)]
        assert bodies[0] == bodies[1]


@pytest.mark.filterwarnings("ignore:notification_url is deprecated:DeprecationWarning")
def test_a_preference_is_asked_for_as_the_sdk_does(provider: MercadoPagoProvider, sdk: Any, fake: FakeMercadoPago):
    provider.start_deposit(key=KEY, reference=REFERENCE, amount=Money(123450, "MXN"), expires_at=AT)
    sdk.preference().create(PREFERENCE, with_key(token=TOKEN, key=str(KEY)))

    ours, theirs = fake.requests
    assert_alike(ours, theirs, only_theirs=ONLY_THE_SDK_SENDS)
    assert ours.body == theirs.body.replace(b"1234.5}", b"1234.50}")


def test_a_refund_is_asked_for_as_the_sdk_does(provider: MercadoPagoProvider, sdk: Any, fake: FakeMercadoPago):
    paid = fake.account.pay(fake.account.create_preference(PREFERENCE | {"items": [ITEM | {"unit_price": 1234}]})["id"])

    provider.refund_payment(key=KEY, payment_id=str(paid.id), amount=Money(10050, "MXN"))
    sdk.refund().create(paid.id, {"amount": 100.5}, with_key(token=TOKEN, key=f"{KEY}-2"))

    ours, theirs = fake.requests
    assert_alike(
        ours,
        theirs,
        only_theirs=ONLY_THE_SDK_SENDS,
        only_ours=ONLY_WE_SEND_FOR_REFUNDS,
        different=DIFFERENT | {"x-idempotency-key"},
    )
    assert ours.header("X-Idempotency-Key") == str(KEY)
    assert ours.body == theirs.body.replace(b"100.5}", b"100.50}")


def test_looking_things_up_is_asked_for_as_the_sdk_does(provider: MercadoPagoProvider, sdk: Any, fake: FakeMercadoPago):
    made = fake.account.create_preference(PREFERENCE | {"items": [ITEM | {"unit_price": 1234}]})
    paid = fake.account.pay(made["id"])
    reference = str(REFERENCE)

    provider.find_checkout(reference=REFERENCE)
    provider.read_payment(payment_id=str(paid.id))
    list(provider.payments_updated(since=AT, until=AT))
    ours = list(fake.requests)
    sdk.preference().search({"external_reference": reference})
    sdk.payment().search({"external_reference": reference, "sort": "date_created", "criteria": "asc", "limit": "100"})
    sdk.preference().get(made["id"])
    sdk.payment().get(paid.id)
    window = {"begin_date": "2030-01-02T03:04:05.678+00:00", "end_date": "2030-01-02T03:04:05.678+00:00"}
    ordered = {"sort": "date_last_updated", "criteria": "asc", "range": "date_last_updated"}
    sdk.payment().search({**ordered, **window, "limit": "100", "offset": "0"})

    theirs = list(fake.requests)[len(ours) :]
    assert len(ours) == len(theirs) == 5
    for mine, official in zip(ours, theirs, strict=True):
        assert_alike(mine, official, only_theirs=ONLY_THE_SDK_SENDS_WHEN_IT_LOOKS)
