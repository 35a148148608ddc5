"""Every way a call can go wrong, what we make of it, and that money moved once whatever the answer was."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from funds.payments.providers.mercadopago import MercadoPagoProvider
from funds.payments.providers.protocol import ProviderDeferredError, ProviderRefusedError, ProviderUncertainError
from marketplace.core.money import Money

from .server import FakeMercadoPago
from .state import Payment

# No database is asked.
pytestmark = pytest.mark.once

PREFERENCES = "/checkout/preferences"
REFUNDS = "/v1/payments/[0-9]+/refunds"

NO_ANSWER: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "headers": {"Retry-After": "86400"}},
    {"kind": "status", "status": 408},
    {"kind": "status", "status": 409},
    {"kind": "status", "status": 423},
    {"kind": "status", "status": 424},
    {"kind": "status", "status": 302, "headers": {"Location": "http://127.0.0.1:1/"}},
    {"kind": "status", "status": 200, "body": ""},
    {"kind": "status", "status": 200, "body": '{"id": 1'},
    {"kind": "status", "status": 200, "body": "[" * 100_000},
    {"kind": "status", "status": 200, "body": '{"id": ' + "9" * 5_000 + "}"},
    {"kind": "status", "status": 200, "body": '{"amount": NaN}'},
    {"kind": "hang"},
    {"kind": "reset"},
    {"kind": "half_close"},
    {"kind": "truncate"},
    {"kind": "garbage"},
    {"kind": "wrong_type"},
    {"kind": "not_an_object"},
    {"kind": "drip"},
    {"kind": "huge"},
]


def shown(fault: dict[str, Any]) -> str:
    return f"{fault['kind']}-{fault.get('status', '')}-{fault.get('body', '')[:8]}"


@pytest.fixture
def paid(fake: FakeMercadoPago) -> Payment:
    item = {"title": "Wallet deposit", "quantity": 1, "currency_id": "MXN", "unit_price": 500}
    made = fake.account.create_preference({"items": [item], "external_reference": str(uuid4())})
    return fake.account.pay(made["id"])


@pytest.fixture
def refund(provider: MercadoPagoProvider, paid: Payment) -> Callable[[], Any]:
    """Refund 100.00 of the payment, always with one and the same key."""
    key = uuid4()
    return lambda: provider.refund_payment(key=key, payment_id=str(paid.id), amount=Money(10000, "MXN"))


@pytest.mark.parametrize("fault", NO_ANSWER, ids=shown)
def test_no_usable_answer_before_anything_happened_is_uncertain(fake, refund, paid, fault):
    fake.faults.plan(path=REFUNDS, **fault)

    with pytest.raises(ProviderUncertainError):
        refund()

    assert paid.refunds == []
    assert refund().amount == Money(10000, "MXN")
    assert len(paid.refunds) == 1


@pytest.mark.parametrize("fault", NO_ANSWER, ids=shown)
def test_no_usable_answer_after_the_money_moved_is_uncertain_and_the_same_key_moves_it_once(fake, refund, paid, fault):
    fake.faults.plan(path=REFUNDS, after=True, **fault)

    with pytest.raises(ProviderUncertainError):
        refund()

    again = refund()
    assert [str(each.id) for each in paid.refunds] == [again.refund_id]


@pytest.mark.parametrize("fault", NO_ANSWER, ids=shown)
def test_a_look_up_without_a_usable_answer_is_uncertain(fake, provider, paid, fault):
    fake.faults.plan(method="GET", **fault)

    with pytest.raises(ProviderUncertainError):
        provider.read_payment(payment_id=str(paid.id))

    reading = provider.read_payment(payment_id=str(paid.id))
    assert reading is not None
    assert reading.amount == Money(50000, "MXN")


@pytest.mark.parametrize("status", [400, 402, 404, 405, 410, 415, 422])
def test_a_definite_no_is_a_refusal_for_what_moves_money_and_uncertain_for_looking(
    fake, provider, refund, paid, status
):
    fake.faults.plan(path=REFUNDS, kind="status", status=status)

    with pytest.raises(ProviderRefusedError):
        refund()

    assert paid.refunds == []
    if status != 404:
        fake.faults.plan(method="GET", kind="status", status=status)
        with pytest.raises(ProviderUncertainError):
            provider.read_payment(payment_id=str(paid.id))


@pytest.mark.parametrize("status", [401, 403])
def test_our_own_credentials_are_no_reason_to_turn_a_customer_down(fake, refund, paid, status):
    fake.faults.plan(path=REFUNDS, kind="status", status=status)

    with pytest.raises(ProviderDeferredError) as raised:
        refund()

    assert raised.value.seconds == 60
    assert paid.refunds == []


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("7", 7), ("0", 1), ("86400", 300), ("", 30), ("-1", 30), ("soon", 30), ("９", 30), ("9" * 400, 30)],
)
def test_too_many_requests_are_asked_again_within_reason(fake, refund, paid, retry_after, seconds):
    headers = {"Retry-After": retry_after}
    fake.faults.plan(path=REFUNDS, kind="status", status=429, headers=headers)

    with pytest.raises(ProviderDeferredError) as raised:
        refund()

    assert raised.value.seconds == seconds
    assert paid.refunds == []


def test_a_server_that_is_not_there_is_asked_later_because_nothing_was_sent(make_provider):
    provider = make_provider(api_url="http://127.0.0.1:9")

    with pytest.raises(ProviderDeferredError) as raised:
        provider.start_deposit(key=uuid4(), reference=uuid4(), amount=Money(100, "MXN"), expires_at=None)

    assert raised.value.seconds == 5


def test_a_kept_connection_that_the_server_dropped_is_not_trusted_blindly(fake, provider, refund, paid):
    provider.read_payment(payment_id=str(paid.id))
    fake.faults.plan(path=REFUNDS, kind="reset", after=True)

    with pytest.raises(ProviderUncertainError):
        refund()

    refund()
    assert len(paid.refunds) == 1


def test_a_slow_answer_within_the_time_is_an_answer(fake, refund, paid):
    fake.faults.plan(path=REFUNDS, kind="delay", seconds=0.2)

    assert refund().amount == Money(10000, "MXN")
    assert len(paid.refunds) == 1


def test_the_requests_of_one_call_share_one_time(fake, make_provider):
    """Each of the three look-ups would be in time by itself."""
    provider = make_provider(read=5.0, total=0.5)
    reference = uuid4()
    provider.start_deposit(key=uuid4(), reference=reference, amount=Money(100, "MXN"), expires_at=None)
    fake.faults.plan(method="GET", kind="delay", seconds=0.3, times=3)

    with pytest.raises((ProviderUncertainError, ProviderDeferredError)):
        provider.find_checkout(reference=reference)


@pytest.mark.parametrize("fault", [{"kind": "hang"}, {"kind": "reset"}, {"kind": "status", "status": 500}], ids=shown)
def test_a_deposit_that_was_taken_up_without_an_answer_is_found_by_its_reference(fake, provider, fault):
    reference = uuid4()
    fake.faults.plan(path=PREFERENCES, after=True, **fault)

    with pytest.raises(ProviderUncertainError):
        provider.start_deposit(key=uuid4(), reference=reference, amount=Money(100, "MXN"), expires_at=None)

    found = provider.find_checkout(reference=reference)
    assert len(fake.account.preferences) == 1
    assert found.checkout_url.endswith(next(iter(fake.account.preferences)))


def test_one_key_from_many_threads_at_once_is_one_refund(fake, refund, paid):
    """Whoever comes while it is being made gets 423, which is no answer; whoever comes later gets the refund."""
    fake.faults.plan(path=REFUNDS, kind="delay", seconds=0.05, times=20)

    def attempt(_number: int) -> Any:
        try:
            return refund().refund_id
        except ProviderUncertainError:
            return None

    with ThreadPoolExecutor(20) as threads:
        told = set(threads.map(attempt, range(20))) - {None}

    assert told == {str(paid.refunds[0].id)}
    assert len(paid.refunds) == 1


def test_a_refund_made_twice_by_the_provider_shows_in_the_payment(fake, provider, refund, paid):
    """Their fault, not ours: nothing here can prevent it, but the reading tells."""
    fake.faults.plan(path=REFUNDS, kind="twice")

    refund()

    reading = provider.read_payment(payment_id=str(paid.id))
    assert [each.amount.minor for each in reading.refunds] == [10000, 10000]


def test_a_refund_in_process_is_uncertain_until_the_bank_has_decided(fake, provider, refund, paid):
    fake.faults.plan(path=REFUNDS, kind="in_process")

    with pytest.raises(ProviderUncertainError, match="in process"):
        refund()
    with pytest.raises(ProviderUncertainError, match="in process"):
        refund()
    assert provider.read_payment(payment_id=str(paid.id)).refunds == ()

    fake.account.settle_refund(paid.refunds[0].id, "approved")
    assert refund().refund_id == str(paid.refunds[0].id)
    assert len(paid.refunds) == 1


def test_a_refund_in_process_is_uncertain_even_if_it_cannot_be_asked_about(fake, refund):
    fake.faults.plan(path=REFUNDS, kind="in_process")
    fake.faults.plan(method="GET", kind="status", status=429)

    with pytest.raises(ProviderUncertainError, match="in process"):
        refund()


def test_a_refund_that_the_bank_turned_down_is_refused(fake, refund, paid):
    fake.faults.plan(path=REFUNDS, kind="in_process")
    with pytest.raises(ProviderUncertainError):
        refund()

    fake.account.settle_refund(paid.refunds[0].id, "rejected")

    with pytest.raises(ProviderRefusedError, match="rejected"):
        refund()


def test_errors_name_what_was_wrong_and_no_secret(fake, make_provider):
    provider = make_provider(access_token="a-very-secret-token")

    with pytest.raises(ProviderDeferredError) as raised:
        provider.start_deposit(key=uuid4(), reference=uuid4(), amount=Money(100, "MXN"), expires_at=None)

    assert "401 unauthorized invalid access token" in str(raised.value)
    assert "a-very-secret-token" not in f"{raised.value} {provider._config!r}"
