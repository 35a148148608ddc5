"""The fake itself: alone in its process, its webhooks, its levers."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from funds.payments.providers.mercadopago import MercadoPagoConfig, MercadoPagoProvider
from funds.payments.providers.protocol import ForgedNotificationError, ProviderUncertainError
from marketplace.core.money import Money
from marketplace.settings.env import BASE_DIR

from .conftest import COLLECTOR, SECRET
from .receiver import Receiver
from .server import TOKEN

pytestmark = pytest.mark.once

Control = Callable[..., Any]


@contextmanager
def alone(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The server in a process of its own: its address, and the process."""
    command = [sys.executable, "-m", "funds.payments.tests.mercadopago.server", "--port", "0", *options]
    process = subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1], process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        assert process.stdout is not None
        process.stdout.close()


def ask(url: str, data: bytes | None = None, **headers: str) -> Any:
    """A GET, or a POST where there is a body; raises `HTTPError` for what is not 2xx."""
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        return json.load(response)


def control(url: str, name: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    return ask(f"{url}/control/{name}", data)


def provider_at(url: str) -> MercadoPagoProvider:
    config = MercadoPagoConfig(
        access_token=TOKEN, collector_id=COLLECTOR, currency="MXN", webhook_secrets=(SECRET,), api_url=url
    )
    return MercadoPagoProvider(config)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as running:
        yield running


CALL_AND_DIE = """
import os, signal
from uuid import UUID
from funds.payments.tests.mercadopago.test_server import provider_at
from marketplace.core.money import Money
provider = provider_at(os.environ["FAKE"])
provider.start_deposit(key=UUID(int=1), reference=UUID(int=2), amount=Money(500, "MXN"), expires_at=None)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_it_knows_survives_whoever_called_it():
    with alone("--auto-approve") as (url, _process):
        environment = {**os.environ, "FAKE": url, "DJANGO_SETTINGS_MODULE": "marketplace.settings.test"}
        killed = subprocess.run([sys.executable, "-c", CALL_AND_DIE], cwd=BASE_DIR, env=environment, check=False)

        (paid,) = control(url, "state")["payments"]
        assert killed.returncode == -signal.SIGKILL
        assert (paid["external_reference"], paid["amount"]) == ("00000000-0000-0000-0000-000000000002", 5)


def test_auto_approve_pays_a_purchase_once_however_often_it_is_prepared():
    with alone("--auto-approve") as (url, _process):
        reference = uuid4()
        for _ in range(3):
            provider_at(url).start_deposit(key=uuid4(), reference=reference, amount=Money(100, "MXN"), expires_at=None)

        state = control(url, "state")
        assert len(state["preferences"]) == 3
        assert [paid["external_reference"] for paid in state["payments"]] == [str(reference)]


def test_every_lever_is_there_for_scripts_too(receiver):
    with alone("--webhook", receiver.url, "--secret", SECRET) as (url, _process):
        provider, reference = provider_at(url), uuid4()
        provider.start_deposit(key=uuid4(), reference=reference, amount=Money(50000, "MXN"), expires_at=None)
        paid = control(url, "pay", {"external_reference": str(reference), "status": "pending"})
        control(url, f"payments/{paid['id']}", {"status": "approved"})
        back = control(url, "refund", {"payment_id": paid["id"], "amount": 100})
        control(url, "faults", {"kind": "status", "status": 500, "method": "GET"})
        with pytest.raises(ProviderUncertainError):
            provider.read_payment(payment_id=str(paid["id"]))

        reading = provider.read_payment(payment_id=str(paid["id"]))
        assert reading is not None
        assert [refund.refund_id for refund in reading.refunds] == [str(back["id"])]
        assert [each["status"] for each in control(url, "requests")] == [201, 0, 200]
        control(url, "reset", {})
        assert control(url, "state")["payments"] == []
        with pytest.raises(urllib.error.HTTPError, match="404"):
            control(url, "nonsense")


def test_webhooks_come_signed_repeated_out_of_order_and_forged(receiver):
    with alone("--webhook", receiver.url, "--secret", SECRET) as (url, _process):
        provider, at = provider_at(url), datetime.now(UTC)
        provider.start_deposit(key=uuid4(), reference=uuid4(), amount=Money(50000, "MXN"), expires_at=None)
        known = next(iter(control(url, "state")["preferences"]))
        paid = control(url, "pay", {"preference_id": known})["id"]
        control(url, "webhook", {"payment_id": paid, "times": 3})
        control(url, "webhook", {"payment_id": paid, "ts": "1500000000"})
        control(url, "webhook", {"payment_id": paid, "forged": True})
        control(url, "webhook", {"payment_id": 7, "topic": "merchant_order"})

        arrived = [receiver.arrived.get(timeout=20) for _ in range(7)]

    def read(number: int) -> Any:
        each = arrived[number]
        return provider.read_notification(headers=each.headers, query=each.query, body=each.body, at=at)

    first, *repeated = (read(number) for number in range(4))
    assert first.payment_id == str(paid)
    assert len(set(repeated)) == 1
    assert first.event_key != repeated[0].event_key
    for number in (4, 5):
        with pytest.raises(ForgedNotificationError):
            read(number)
    assert read(6).payment_id == ""


def test_a_request_without_the_token_or_the_key_is_turned_away():
    with alone() as (url, _process):
        with pytest.raises(urllib.error.HTTPError, match="401") as raised:
            ask(f"{url}/v1/payments/1", Authorization="Bearer other")
        assert json.load(raised.value)["error"] == "unauthorized"

        with pytest.raises(urllib.error.HTTPError, match="400") as raised:
            ask(f"{url}/v1/payments/1/refunds", b"{}", Authorization=f"Bearer {TOKEN}")
        assert json.load(raised.value)["cause"][0]["code"] == 4292
