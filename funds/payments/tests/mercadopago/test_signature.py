"""Nothing but a genuine notification in its time is believed, and nothing makes the reader crash."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mercadopago.webhook import InvalidWebhookSignatureError, WebhookSignatureValidator

from funds.payments.providers.mercadopago import signature
from funds.payments.providers.protocol import ForgedNotificationError, Notification

from .notifications import Webhook, webhook

pytestmark = pytest.mark.once

SECRET = "a-secret-of-the-panel"
AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
TS = str(int(AT.timestamp()))
WINDOW = timedelta(minutes=10)

IDS = st.from_regex(r"[1-9][0-9]{0,17}", fullmatch=True)
REQUEST_IDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=";"), min_size=1, max_size=60
)


def genuine(**values: Any) -> Webhook:
    return webhook(**{"secret": SECRET, "payment_id": "123456", "ts": TS, "request_id": "r-1", **values})


def read(made: Webhook, *, at: datetime = AT, secrets: tuple[str, ...] = (SECRET,), **changed: Any) -> Notification:
    headers = {**made.headers, **changed.get("headers", {})}
    query = {**made.query, **changed.get("query", {})}
    return signature.read_notification(headers=headers, query=query, at=at, secrets=secrets, window=WINDOW)


def bits(text: str) -> Iterator[str]:
    """The text with each of its bits flipped in turn."""
    raw = text.encode()
    for position in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[position // 8] ^= 1 << (position % 8)
        yield flipped.decode("latin-1")


def test_a_genuine_notification_names_its_payment():
    assert read(genuine()).payment_id == "123456"


def test_replays_are_one_event_and_different_notifications_are_several():
    first, replay = read(genuine()), read(genuine(), at=AT + timedelta(minutes=1))
    others = [read(genuine(request_id="r-2")), read(genuine(payment_id="7")), read(genuine(ts=str(int(TS) + 1)))]

    assert first == replay
    assert len({each.event_key for each in (first, *others)}) == 4


@pytest.mark.parametrize("topic", ["merchant_order", "topic_chargebacks_wh", ""])
def test_other_topics_are_believed_and_concern_no_payment(topic):
    notification = read(genuine(topic=topic))

    assert notification.payment_id == ""
    assert notification.event_key != read(genuine()).event_key


@pytest.mark.parametrize("ts", [TS, TS + "000", TS + "999"])
def test_the_moment_is_in_seconds_or_in_milliseconds(ts):
    assert read(genuine(ts=ts)).payment_id == "123456"


@pytest.mark.parametrize(
    ("minutes", "is_believed"), [(9, True), (-9, True), (11, False), (-11, False), (60_000, False)]
)
def test_only_a_moment_within_the_window_is_believed(minutes, is_believed):
    at = AT + timedelta(minutes=minutes)

    if is_believed:
        read(genuine(), at=at)
    else:
        with pytest.raises(ForgedNotificationError, match="too old"):
            read(genuine(), at=at)


def test_either_secret_is_good_while_one_replaces_the_other():
    made = genuine()

    assert read(made, secrets=("new", SECRET)) == read(made, secrets=(SECRET, "new"))
    with pytest.raises(ForgedNotificationError):
        read(made, secrets=("new", "newer"))


@pytest.mark.parametrize("secrets", [(), ("",), ("", "")])
def test_without_a_secret_everything_is_refused(secrets):
    for signed_with in ("", SECRET):
        with pytest.raises(ForgedNotificationError, match="no secret"):
            read(genuine(secret=signed_with), secrets=secrets)


@pytest.mark.parametrize("known", ["ORD01ABC", "ord01abc", "oRd01Abc"])
@pytest.mark.parametrize("is_signed_lower", [True, False])
def test_an_id_with_letters_may_be_signed_as_sent_or_in_lower_case(known, is_signed_lower):
    signed = known.lower() if is_signed_lower else known

    notification = read(genuine(payment_id=signed), query={"data.id": known})

    assert notification.payment_id == signed


def test_absent_pairs_are_left_out_of_what_is_signed():
    alone = signature.sign(secret=SECRET, data_id="", request_id="", ts=TS)
    without_request = signature.sign(secret=SECRET, data_id="1", request_id="", ts=TS)

    def notified(header: str, query: dict[str, str]) -> Notification:
        return signature.read_notification(
            headers={"x-signature": header}, query=query, at=AT, secrets=(SECRET,), window=WINDOW
        )

    assert notified(alone, {"type": "payment"}).payment_id == ""
    assert notified(without_request, {"type": "payment", "data.id": "1"}).payment_id == "1"
    with pytest.raises(ForgedNotificationError):
        notified(alone, {"type": "payment", "data.id": "1"})


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ({"data.id": "123456;request-id:r-1"}, {"x-request-id": ""}),
        ({"data.id": ""}, {"x-request-id": "r-1;ts:1"}),
        ({"data.id": ""}, {}),
        ({}, {"x-request-id": ""}),
        ({"data.id": "123457"}, {}),
    ],
)
def test_pairs_cannot_be_moved_about(query, headers):
    with pytest.raises(ForgedNotificationError):
        read(genuine(), query=query, headers=headers)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "ts",
        "ts=",
        "v1=",
        ",",
        f"ts={TS}",
        f"v1={'a' * 64}",
        f"ts={TS},v1={'a' * 63}",
        f"ts={TS},v1={'a' * 65}",
        f"ts={TS},v1={'é' * 64}",
        f"ts={TS},v1={'A' * 64}",
        f"ts=-{TS},v1={'a' * 64}",
        f"ts=0{TS},v1={'a' * 64}",
        f"ts=1e9,v1={'a' * 64}",
        f"ts={'9' * 400},v1={'a' * 64}",
        "ts=" + "".join(chr(0x660 + int(digit)) for digit in TS) + f",v1={'a' * 64}",
        "ts=\ud800,v1=\x00",
        ",".join(["ts=1"] * 5_000),
    ],
    ids=lambda header: ascii(header)[:40],
)
def test_a_malformed_signature_is_refused(header):
    with pytest.raises(ForgedNotificationError, match="malformed"):
        read(genuine(), headers={"x-signature": header})


def test_a_signature_given_twice_is_refused_even_if_both_are_good():
    """Servers join repeated headers with a comma."""
    good = genuine().headers["x-signature"]

    with pytest.raises(ForgedNotificationError, match="malformed"):
        read(genuine(), headers={"x-signature": f"{good},{good}"})


def test_parts_of_a_later_version_are_passed_over():
    good = genuine().headers["x-signature"]

    assert read(genuine(), headers={"x-signature": f"{good}, v2=abc"}) == read(genuine())


def test_every_flipped_bit_is_refused():
    made = genuine()
    changes: list[dict[str, Any]] = [
        *({"headers": {"x-signature": text}} for text in bits(made.headers["x-signature"])),
        *({"headers": {"x-request-id": text}} for text in bits(made.headers["x-request-id"])),
        *({"query": {"data.id": text}} for text in bits(made.query["data.id"])),
    ]

    believed = []
    for change in changes:
        try:
            believed.append((read(made, **change), change))
        except ForgedNotificationError:
            continue

    assert believed == []
    assert len(changes) > 700


@given(known=IDS, request_id=REQUEST_IDS, drift=st.integers(-599, 599), in_milliseconds=st.booleans())
def test_whatever_is_genuine_is_believed_by_us_and_by_the_sdk(known, request_id, drift, in_milliseconds):
    moment = int(TS) + drift
    ts = str(moment * 1000 if in_milliseconds else moment)
    made = webhook(secret=SECRET, payment_id=known, request_id=request_id, ts=ts)

    assert read(made).payment_id == known
    WebhookSignatureValidator.validate(made.headers["x-signature"], request_id, known, SECRET)


@given(
    header=st.text(max_size=200) | st.from_regex(r"ts=[0-9]{10,13},v1=[0-9a-f]{64}", fullmatch=True),
    request_id=st.text(max_size=80),
    known=st.text(max_size=80),
    topic=st.text(max_size=20),
    secret=st.text(max_size=20),
)
def test_nothing_that_comes_in_crashes_it_or_is_believed(header, request_id, known, topic, secret):
    headers = {"x-signature": header, "x-request-id": request_id}

    with pytest.raises(ForgedNotificationError):
        signature.read_notification(
            headers=headers,
            query={"data.id": known, "type": topic},
            at=AT,
            secrets=(SECRET, secret.encode("utf-8", "ignore").decode()),
            window=WINDOW,
        )


@given(known=IDS, other=IDS, request_id=REQUEST_IDS, secret=st.text(min_size=1, max_size=20).filter(str.isascii))
def test_another_secret_or_another_payment_is_refused_by_us_and_by_the_sdk(known, other, request_id, secret):
    assume(other != known and secret != SECRET)
    made = webhook(secret=SECRET, payment_id=known, request_id=request_id, ts=TS)

    with pytest.raises(ForgedNotificationError):
        read(made, query={"data.id": other})
    with pytest.raises(ForgedNotificationError):
        read(made, secrets=(secret,))
    with pytest.raises(InvalidWebhookSignatureError):
        WebhookSignatureValidator.validate(made.headers["x-signature"], request_id, other, SECRET)
