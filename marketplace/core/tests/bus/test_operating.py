"""What operators see and do: figures, sending again, what is kept, and a configuration that cannot work."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from marketplace.core.bus import transports
from marketplace.core.bus.models import BusMessage
from marketplace.core.bus.transports import bus_problem
from marketplace.core.clock import db_now
from marketplace.core.models import OutboxEvent
from marketplace.core.retention import forget_old
from marketplace.core.tests.bus.conftest import move

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bus_on")]
PENDING, SENT, PARKED = BusMessage.State.PENDING, BusMessage.State.SENT, BusMessage.State.PARKED
SECRET = "s" * 32


def park(number):
    BusMessage.objects.filter(event__payload__number=number).update(state=PARKED, attempts=5, last_error="HTTP 400")


def test_metrics_say_how_far_behind_the_bus_is_and_what_is_parked(client):
    move("a 1", "a 2", "a 3")
    park(1)
    OutboxEvent.objects.update(created_at=db_now() - timedelta(hours=1))

    text = client.get("/metrics").content.decode()

    assert 'marketplace_bus_messages{state="pending"} 2.0' in text
    assert 'marketplace_bus_messages{state="parked"} 1.0' in text
    assert "marketplace_bus_lag_seconds 36" in text
    assert "marketplace_unreadable_gauges 0.0" in text


def test_what_was_parked_is_sent_again_under_its_own_id(pump, other_side, capsys):
    move("a 1", "a 2")
    park(1)
    pump.pass_once()

    call_command("resend_events", "--parked")
    pump.pass_once()

    assert capsys.readouterr().out == "1 to be sent again\n"
    assert other_side.story == ["a 2", "a 1"]
    assert set(BusMessage.objects.values_list("state", "attempts", "last_error")) == {(SENT, 0, "")}
    assert [envelope.id for envelope in other_side.taken] == [
        str(key) for key in OutboxEvent.objects.order_by("-pk").values_list("event_id", flat=True)
    ]


def test_everything_since_a_moment_is_sent_again_in_order(pump, other_side):
    move("a 1", "b 2", "a 3")
    OutboxEvent.objects.filter(payload__number=1).update(created_at=db_now() - timedelta(hours=2))
    pump.pass_once()
    other_side.taken.clear()

    call_command("resend_events", "--since", (timezone.now() - timedelta(hours=1)).isoformat())
    pump.pass_once()

    assert other_side.story == ["b 2", "a 3"]


@pytest.mark.parametrize("text", ["yesterday", "2026-11-30T08:00:00"])
def test_a_moment_without_its_offset_is_refused(text):
    with pytest.raises(CommandError, match="is no moment with its offset"):
        call_command("resend_events", "--since", text)


def test_with_the_bus_off_sending_again_is_refused(settings):
    settings.EVENT_BUS_URL = ""

    with pytest.raises(CommandError, match="the event bus is off"):
        call_command("resend_events", "--parked")


def test_an_event_stays_until_the_bus_has_it():
    move("a 1", "a 2", "a 3")
    park(1)
    BusMessage.objects.filter(event__payload__number=2).update(state=SENT)
    OutboxEvent.objects.update(relayed_at=timezone.now() - timedelta(days=15))

    assert forget_old(timezone.now()).events == 1

    assert set(OutboxEvent.objects.values_list("payload__number", flat=True)) == {1, 3}
    assert set(BusMessage.objects.values_list("state", flat=True)) == {PARKED, PENDING}


@pytest.mark.parametrize(
    ("url", "secret", "problem"),
    [
        ("", "", ""),
        ("amqp://guest:guest@127.0.0.1:5672//", "", ""),
        ("amqps://broker.example/shop", "", ""),
        ("https://receiver.example/events", SECRET, ""),
        ("http://127.0.0.1:9000/events", SECRET, ""),
        ("https://receiver.example/events", SECRET[:-1], "at least 32 characters"),
        ("http://receiver.example/events", SECRET, "use https"),
        ("redis://127.0.0.1", "", "begins with one of amqp, amqps, http, https, kafka"),
        ("amqp:", "", "names a host"),
        ("receiver.example", "", "begins with one of"),
    ],
)
def test_a_configuration_that_cannot_work_is_an_error_at_start(url, secret, problem):
    found = bus_problem(url, secret)

    assert (problem in found) if problem else found == ""


def test_kafka_needs_its_library(monkeypatch):
    monkeypatch.setattr(transports, "find_spec", lambda name: None)
    assert "needs confluent-kafka" in bus_problem("kafka://127.0.0.1:9092", "")

    monkeypatch.setattr(transports, "find_spec", lambda name: name)
    assert bus_problem("kafka://127.0.0.1:9092", "") == ""


def test_the_system_check_says_so(settings):
    settings.EVENT_BUS_SECRET = ""

    with pytest.raises(CommandError, match=r"core\.E005"):
        call_command("check")
