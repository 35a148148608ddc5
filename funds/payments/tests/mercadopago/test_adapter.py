"""What the adapter reads out of Mercado Pago's answers, and what it will not read."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funds.payments.providers.mercadopago import wire
from funds.payments.providers.protocol import (
    Checkout,
    ProviderDeferredError,
    ProviderRefusedError,
    ProviderUncertainError,
    ReadingState,
)
from marketplace.core.money import MAX_MINOR, Money

from .server import FakeMercadoPago
from .state import Account, Payment

pytestmark = pytest.mark.once

WIDE = timedelta(days=1)


def pay(fake: FakeMercadoPago, provider: Any, *, minor: int = 50000, **values: Any) -> Payment:
    reference = values.pop("reference", None) or uuid4()
    provider.start_deposit(key=uuid4(), reference=reference, amount=Money(minor, "MXN"), expires_at=None)
    return fake.account.pay(list(fake.account.preferences)[-1], **values)


def updated(provider: Any) -> list[Any]:
    now = datetime.now(UTC)
    return list(provider.payments_updated(since=now - WIDE, until=now + WIDE))


# --- deposits


def test_a_deposit_is_a_checkout_without_payments(fake, provider):
    made = provider.start_deposit(key=uuid4(), reference=uuid4(), amount=Money(100, "MXN"), expires_at=None)

    (known,) = fake.account.preferences
    assert made == Checkout(checkout_url=f"{fake.url}/checkout/v1/redirect?pref_id={known}", payments=())


def test_the_sandbox_is_a_setting_and_not_the_look_of_a_token(fake, make_provider):
    provider = make_provider(is_sandbox=True)

    made = provider.start_deposit(key=uuid4(), reference=uuid4(), amount=Money(100, "MXN"), expires_at=None)

    assert made.checkout_url.startswith(f"{fake.url}/sandbox/")


@pytest.mark.parametrize("currency", ["USD", "ARS"])
def test_another_currency_than_the_accounts_is_refused_before_anything_is_sent(fake, provider, currency):
    assert not provider.takes(currency)

    with pytest.raises(ProviderRefusedError):
        provider.start_deposit(key=uuid4(), reference=uuid4(), amount=Money(100, currency), expires_at=None)

    assert len(fake.requests) == 0


@pytest.mark.parametrize(
    ("currency", "minor", "digits"),
    [("MXN", 1, b"0.01"), ("MXN", 10, b"0.10"), ("MXN", 49900, b"499.00"), ("CLP", 1500, b"1500")],
)
def test_amounts_are_sent_with_the_currencys_own_digits(fake, make_provider, currency, minor, digits):
    provider = make_provider(currency=currency)

    provider.start_deposit(key=uuid4(), reference=uuid4(), amount=Money(minor, currency), expires_at=None)

    assert b'"unit_price": ' + digits + b"}" in fake.requests[0].body


def test_without_public_addresses_none_are_sent(fake, make_provider):
    provider = make_provider(return_url="", notification_url="", statement_descriptor="")

    provider.start_deposit(key=uuid4(), reference=uuid4(), amount=Money(100, "MXN"), expires_at=None)

    body = wire.decode(fake.requests[0].body)
    assert body.keys() == {"items", "external_reference"}


def test_a_reference_nobody_knows_has_no_checkout(provider):
    assert provider.find_checkout(reference=uuid4()) is None


def test_of_two_preferences_of_one_deposit_the_first_is_the_one(fake, provider):
    """Preferences have no idempotency that anybody promises, so a repeated call makes a second."""
    reference, key = uuid4(), uuid4()
    for _ in range(2):
        provider.start_deposit(key=key, reference=reference, amount=Money(100, "MXN"), expires_at=None)

    found = provider.find_checkout(reference=reference)

    first, _second = fake.account.preferences
    assert found.checkout_url.endswith(first)


def test_every_payment_of_a_deposit_is_found(fake, provider):
    reference = uuid4()
    paid = pay(fake, provider, reference=reference)
    again = fake.account.pay(next(iter(fake.account.preferences)), status="rejected")
    pay(fake, provider)

    found = provider.find_checkout(reference=reference)

    assert [(each.payment_id, each.state) for each in found.payments] == [
        (str(paid.id), ReadingState.APPROVED),
        (str(again.id), ReadingState.REJECTED),
    ]


def test_a_payment_without_a_preference_is_found_too(fake, provider):
    reference = uuid4()
    fake.account.add_payment(
        reference=str(reference), amount=Decimal(5), currency="MXN", status="approved", collector=123456789
    )

    found = provider.find_checkout(reference=reference)

    assert found.checkout_url == ""
    assert [each.amount for each in found.payments] == [Money(500, "MXN")]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x", "", 7, None])
def test_a_checkout_at_an_odd_address_is_no_answer(fake, provider, monkeypatch, url):
    shown = Account.shown_preference
    monkeypatch.setattr(Account, "shown_preference", lambda self, made: {**shown(self, made), "init_point": url})

    with pytest.raises(ProviderUncertainError):
        provider.start_deposit(key=uuid4(), reference=uuid4(), amount=Money(100, "MXN"), expires_at=None)


# --- payments


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", ReadingState.PENDING),
        ("authorized", ReadingState.PENDING),
        ("in_process", ReadingState.PENDING),
        ("approved", ReadingState.APPROVED),
        ("rejected", ReadingState.REJECTED),
        ("cancelled", ReadingState.REJECTED),
        ("in_mediation", ReadingState.DISPUTED),
        ("charged_back", ReadingState.CHARGED_BACK),
    ],
)
def test_each_status_has_its_state(fake, provider, status, state):
    paid = pay(fake, provider, status=status)

    assert provider.read_payment(payment_id=str(paid.id)).state == state


@pytest.mark.parametrize("status", ["", "APPROVED", "settled", None, 7])
def test_an_unknown_status_is_never_guessed(fake, provider, status):
    paid = pay(fake, provider, status=status)

    with pytest.raises(ProviderUncertainError):
        provider.read_payment(payment_id=str(paid.id))


def test_a_payment_reads_in_full(fake, provider):
    reference = uuid4()
    paid = pay(fake, provider, minor=123456, reference=reference)

    reading = provider.read_payment(payment_id=str(paid.id))

    assert reading.payment_id == str(paid.id)
    assert reading.reference == reference
    assert reading.amount == Money(123456, "MXN")
    assert reading.fee == Money(4926, "MXN")
    assert reading.updated_at == datetime.fromtimestamp(paid.updated / 1000, UTC)
    assert reading.refunds == ()
    assert reading.is_ours


def test_a_part_given_back_leaves_it_approved_and_the_whole_as_well(fake, provider):
    paid = pay(fake, provider)
    part = provider.refund_payment(key=uuid4(), payment_id=str(paid.id), amount=Money(20000, "MXN"))

    after_part = provider.read_payment(payment_id=str(paid.id))
    rest = provider.refund_payment(key=uuid4(), payment_id=str(paid.id), amount=Money(30000, "MXN"))
    after_all = provider.read_payment(payment_id=str(paid.id))

    assert fake.account.payment_numbered(str(paid.id))["status"] == "refunded"
    assert (after_part.state, after_part.refunds) == (ReadingState.APPROVED, (part,))
    assert (after_all.state, after_all.refunds) == (ReadingState.APPROVED, (part, rest))
    assert after_part.updated_at < after_all.updated_at


def test_refunds_that_a_search_leaves_out_are_asked_for(fake, provider):
    paid = pay(fake, provider)
    made = provider.refund_payment(key=uuid4(), payment_id=str(paid.id), amount=Money(20000, "MXN"))
    paid.extra = {"refunds": []}

    (reading,) = updated(provider)

    assert reading.refunds == (made,)


@pytest.mark.parametrize(
    "odd", [{"status": "refunded"}, {"transaction_amount_refunded": 1}, {"transaction_amount_refunded": "0"}]
)
def test_refunds_that_do_not_add_up_are_no_answer(fake, provider, odd):
    paid = pay(fake, provider, **odd) if "status" not in odd else pay(fake, provider)
    paid.extra = odd

    with pytest.raises(ProviderUncertainError):
        provider.read_payment(payment_id=str(paid.id))


@pytest.mark.parametrize(
    ("values", "is_ours"),
    [({}, True), ({"collector_id": 987}, False), ({"live_mode": False}, False)],
)
def test_money_of_another_account_and_test_money_are_not_ours(fake, provider, values, is_ours):
    paid = pay(fake, provider, **values)

    assert provider.read_payment(payment_id=str(paid.id)).is_ours is is_ours


def test_test_money_counts_in_the_sandbox(fake, make_provider):
    provider = make_provider(is_sandbox=True)
    paid = pay(fake, provider, live_mode=False)

    assert provider.read_payment(payment_id=str(paid.id)).is_ours


@pytest.mark.parametrize(
    "reference",
    [None, "", "1643827245", "{0199c0de-0000-7000-8000-000000000001}", "0199C0DE-0000-7000-8000-00000000000A"],
)
def test_a_reference_that_is_not_a_uuid_as_we_write_it_is_none_of_ours(fake, provider, reference):
    paid = pay(fake, provider, external_reference=reference)

    assert provider.read_payment(payment_id=str(paid.id)).reference is None


@pytest.mark.parametrize("known", ["1", "", "../users/me", "1?x=1", "1/refunds", "٣", "x" * 65, "1\n"])
def test_an_id_nobody_knows_or_that_cannot_be_one_is_no_payment(provider, known):
    assert provider.read_payment(payment_id=known) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"transaction_amount": 10.001},
        {"transaction_amount": "500"},
        {"transaction_amount": None},
        {"transaction_amount": True},
        {"transaction_amount": -1},
        {"transaction_amount": 10**15},
        {"currency_id": "XXX"},
        {"currency_id": None},
        {"date_last_updated": "yesterday"},
        {"date_last_updated": "2026-01-01T00:00:00.000"},
        {"id": True},
        {"id": "1/../2"},
        {"refunds": {}},
        {"refunds": [7]},
        {"refunds": [{"id": 1, "amount": 1, "status": "maybe", "date_created": "2026-01-01T00:00:00.000-04:00"}]},
    ],
    ids=str,
)
def test_what_does_not_read_exactly_is_no_answer(fake, provider, odd):
    paid = pay(fake, provider)
    paid.extra = odd

    with pytest.raises(ProviderUncertainError):
        provider.read_payment(payment_id=str(paid.id))


@pytest.mark.parametrize(
    ("fees", "minor"),
    [
        ([], 0),
        (None, 0),
        ([{"type": "mercadopago_fee", "fee_payer": "collector", "amount": 3.6}], 360),
        ([{"type": "financing_fee", "fee_payer": "payer", "amount": 487.2}], 0),
        ([{"fee_payer": "collector", "amount": 1}, {"fee_payer": "collector", "amount": 0.5}], 150),
        ([{"fee_payer": "collector", "amount": 0.001}], None),
    ],
)
def test_the_fee_is_what_the_seller_pays(fake, provider, fees, minor):
    paid = pay(fake, provider)
    paid.extra = {"fee_details": fees}

    fee = provider.read_payment(payment_id=str(paid.id)).fee

    assert fee == (None if minor is None else Money(minor, "MXN"))


# --- what changed


def test_what_changed_is_told_page_by_page(fake, provider):
    paid = [pay(fake, provider).id for _ in range(3)]
    paid += [fake.account.pay(next(iter(fake.account.preferences))).id for _ in range(240)]

    readings = updated(provider)

    searches = [each for each in fake.requests if each.path == "/v1/payments/search"]
    assert [each.payment_id for each in readings] == [str(known) for known in paid]
    assert len(searches) == 3


def test_a_window_with_very_many_is_halved(fake, provider):
    pay(fake, provider)
    known = next(iter(fake.account.preferences))
    for _ in range(1_100):
        fake.account.pay(known)
    # Moments an hour apart, so that halves are smaller than the whole.
    for number, paid in enumerate(fake.account.payments.values()):
        paid.updated -= (number % 20) * 3_600_000
    fake.account._version += 1

    readings = updated(provider)

    assert {each.payment_id for each in readings} == {str(each) for each in fake.account.payments}


def test_nothing_outside_the_window_is_told(fake, provider):
    pay(fake, provider)
    now = datetime.now(UTC)

    assert list(provider.payments_updated(since=now + WIDE, until=now + 2 * WIDE)) == []


def test_one_odd_payment_of_somebody_else_does_not_hold_up_the_rest(fake, provider):
    pay(fake, provider, status="odd", external_reference="another-shop")
    good = pay(fake, provider)

    assert [each.payment_id for each in updated(provider)] == [str(good.id)]


def test_one_odd_payment_of_ours_is_told_after_the_rest(fake, provider):
    odd = pay(fake, provider, status="odd")
    good = pay(fake, provider)
    now = datetime.now(UTC)
    readings = iter(provider.payments_updated(since=now - WIDE, until=now + WIDE))

    assert next(readings).payment_id == str(good.id)
    with pytest.raises(ProviderUncertainError, match=str(odd.id)):
        next(readings)


def test_a_search_that_fails_on_the_second_page_is_told(fake, provider):
    pay(fake, provider)
    for _ in range(150):
        fake.account.pay(next(iter(fake.account.preferences)))
    now = datetime.now(UTC)
    readings = iter(provider.payments_updated(since=now - WIDE, until=now + WIDE))
    next(readings)
    fake.faults.plan(method="GET", kind="status", status=429)

    with pytest.raises(ProviderDeferredError):
        list(readings)


# --- refunds and payouts


def test_a_refund_of_an_unknown_payment_is_refused(provider):
    with pytest.raises(ProviderRefusedError, match="not found"):
        provider.refund_payment(key=uuid4(), payment_id="1", amount=Money(100, "MXN"))


def test_a_refund_above_what_is_left_is_refused_and_changes_nothing(fake, provider):
    paid = pay(fake, provider)

    with pytest.raises(ProviderRefusedError, match="2063"):
        provider.refund_payment(key=uuid4(), payment_id=str(paid.id), amount=Money(50001, "MXN"))

    assert paid.refunds == []


def test_payouts_are_refused_in_plain_words(provider):
    assert not provider.can_pay_out
    with pytest.raises(ProviderRefusedError, match="payouts"):
        provider.start_payout(key=uuid4(), reference=uuid4(), amount=Money(100, "MXN"), destination="x")
    with pytest.raises(ProviderRefusedError, match="payouts"):
        provider.find_payout(reference=uuid4())


# --- numbers


@given(minor=st.integers(0, MAX_MINOR - 1), currency=st.sampled_from(["MXN", "CLP", "KWD", "BRL"]))
def test_every_amount_goes_out_and_comes_back_as_itself(minor, currency):
    amount = Money(minor, currency)

    text = wire.encode({"amount": amount.decimal})

    assert wire.money(wire.decode(text.encode()), "amount", currency) == amount


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_answer_breaks_the_reader(body):
    try:
        found = wire.decode(body)
    except ProviderUncertainError:
        return

    assert isinstance(found, dict)
    wire.reason(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    *("id", "status", "currency_id", "transaction_amount", "transaction_amount_refunded", "refunds", "fee_details"),
    *("external_reference", "date_last_updated", "collector_id", "live_mode"),
)


@given(name=st.sampled_from(FIELDS), value=JSON)
def test_one_wrong_field_is_uncertain_or_harmless_and_never_a_crash(name, value):
    account = Account(base_url="http://x")
    paid = account.add_payment(
        reference=str(uuid4()), amount=Decimal(5), currency="MXN", status="approved", collector=1
    )
    source = {**account.shown_payment(paid), name: value}

    try:
        reading = wire.payment(source, collector_id="1", is_sandbox=False)
    except ProviderUncertainError:
        return

    assert isinstance(reading.amount, Money)


@pytest.mark.parametrize("zero", ["0e999999", "0e-999999", "-0", "0"])
def test_zero_is_zero_however_many_places_it_is_written_with(zero):
    assert wire.money({"amount": Decimal(zero)}, "amount", "MXN") == Money(0, "MXN")


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "1e999999", "1e-999999"])
def test_what_is_no_amount_is_uncertain(value):
    with pytest.raises(ProviderUncertainError):
        wire.money({"amount": Decimal(value)}, "amount", "MXN")
