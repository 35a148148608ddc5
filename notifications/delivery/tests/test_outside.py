"""Recipients by the hundred through SQS and SNS while both misbehave: nobody missed, nobody told twice."""

import json
import os
import time
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from marketplace.core.ids import uuid7
from notifications.delivery import by_push, outside, services
from notifications.delivery.models import Delivery, Straggler
from notifications.delivery.tests.factories import DeliveryFactory, past
from notifications.delivery.tests.fault_layer import FaultLayer, Faults, Moto
from notifications.devices import sns
from notifications.devices.models import Device
from notifications.devices.ports import DeviceDeadError, Note, PushOutError, forget_service
from notifications.devices.services import token_hash
from notifications.devices.tests.factories import DeviceFactory
from notifications.inbox.models import InboxItem
from notifications.inbox.tests.factories import MessageFactory
from users import facade as users
from users.contracts import NewCustomer

pytestmark = pytest.mark.django_db
SEED = int(os.environ.get("FAULT_SEED", "20260301"))
RECIPIENTS = int(os.environ.get("FAULT_RECIPIENTS", "200"))
NOTE = Note(title="Hello", body="There", collapse_id="1")


@pytest.fixture(scope="module")
def moto():
    server = Moto()
    server.warm_up()
    yield server
    server.stop()


@pytest.fixture
def amazon(moto, settings):
    """The layer in front; the product is set up for it, with an application and a queue with dead letters."""
    print(f"FAULT_SEED={SEED}")  # noqa: T201 - shown when a test fails
    layer = FaultLayer(moto.port, SEED)
    settings.PUSH_SERVICE = "sns"
    settings.AWS_ENDPOINT_URL = layer.url
    settings.AWS_ACCESS_KEY_ID = settings.AWS_SECRET_ACCESS_KEY = "test"
    settings.AWS_READ_TIMEOUT = 3.0
    forget_service()
    outside.forget_clients()
    application = sns.aws_client("sns").create_platform_application(
        Name=f"app{uuid7().hex}", Platform="APNS", Attributes={"PlatformCredential": "x"}
    )
    settings.SNS_PLATFORM_APPLICATIONS = {"apns": application["PlatformApplicationArn"], "fcm": ""}
    settings.OUTSIDE_QUEUE_URL = make_queue(visibility=60)
    yield layer
    layer.stop()
    forget_service()
    outside.forget_clients()


def make_queue(*, visibility: int, receives: int = 5) -> str:
    client = sns.aws_client("sqs")
    name = uuid7().hex
    dead = client.create_queue(QueueName=f"{name}-dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": receives})
    attributes = {"FifoQueue": "true", "VisibilityTimeout": str(visibility), "RedrivePolicy": redrive}
    return str(client.create_queue(QueueName=f"{name}.fifo", Attributes=attributes)["QueueUrl"])


def waiting(queue_url: str) -> int:
    found = sns.aws_client("sqs").get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return sum(int(value) for value in found["Attributes"].values())


def audience(settings, count: int) -> Delivery:
    """So many customers, each with a device that SNS knows, an unread message, and the batch for all of them."""
    made = users.add_customers([NewCustomer(email=f"{uuid7().hex}@example.com") for _ in range(count)])
    client, application = sns.aws_client("sns"), settings.SNS_PLATFORM_APPLICATIONS["apns"]

    def device(customer: UUID) -> Device:
        token = uuid7().hex * 2
        made = client.create_platform_endpoint(PlatformApplicationArn=application, Token=token)
        return Device(
            customer=customer,
            platform="apns",
            token=token,
            token_hash=token_hash(token),
            endpoint=made["EndpointArn"],
        )

    # One by one, for moto's server mixes up several at once; a few at a time, for PostgreSQL hangs up on who idles.
    for start in range(0, count, 100):
        Device.objects.bulk_create([device(customer) for customer in made[start : start + 100]])
    message = MessageFactory()
    InboxItem.objects.bulk_create(
        InboxItem(customer=customer, message=message, created_at=timezone.now()) for customer in made
    )
    return DeliveryFactory(message=message, channel="push", from_customer=min(made), to_customer=max(made))


def everything_done(delivery: Delivery) -> None:
    """Whatever it takes: the engine's turns, stragglers when they are due, the consumer until the queue is empty."""
    # The stand-in is slow: fifteen minutes, or a third of a second for each of many.
    deadline = time.monotonic() + max(900, RECIPIENTS / 3)
    while time.monotonic() < deadline:
        Delivery.objects.filter(state="pending").update(due_at=past())
        Straggler.objects.filter(state="waiting").update(due_at=past())
        services.send_due()
        services.drain_outside_queue(until=time.monotonic() + 60)
        is_open = Delivery.objects.filter(state="pending").exists() or Straggler.objects.filter(state="waiting")
        if not is_open and not waiting(delivery_queue()):
            return
    pytest.fail("not done in time")


def delivery_queue() -> str:
    return str(settings.OUTSIDE_QUEUE_URL)


def assert_everybody_once(layer: FaultLayer) -> None:
    endpoints = set(Device.objects.values_list("endpoint", flat=True))
    missing = endpoints - set(layer.accepted)
    twice = {arn: count for arn, count in layer.accepted.items() if count > 1}
    assert (len(missing), sum(twice.values()) - len(twice)) == (0, 0), f"seed {SEED}, injected {layer.injected}"


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("through_queue", [True, False], ids=["queue", "direct"])
def test_nobody_is_missed_and_nobody_told_twice_while_amazon_misbehaves(amazon, settings, monkeypatch, through_queue):
    monkeypatch.setattr(services.draining, "FIRST_PAUSE_SECONDS", 1)
    if not through_queue:
        settings.OUTSIDE_QUEUE_URL = ""
    delivery = audience(settings, RECIPIENTS if through_queue else RECIPIENTS // 4)
    amazon.faults = Faults(throttled=0.10, failed=0.05, unanswered_each=150 if through_queue else 20)

    if through_queue:
        everything_done(delivery)
    else:
        while Delivery.objects.filter(state="pending").exists() or Straggler.objects.filter(state="waiting").exists():
            Delivery.objects.filter(state="pending").update(due_at=past())
            Straggler.objects.update(due_at=past())
            services.send_due()

    assert amazon.injected["throttled"] > 0
    assert amazon.injected["unanswered"] > 0
    assert amazon.injected["failed"] > 0 or not through_queue
    assert_everybody_once(amazon)
    # The same batch again, in full: nothing is added.
    before = amazon.accepted.copy()
    if through_queue:
        Delivery.objects.update(state="pending", done_up_to=uuid7().__class__(int=0), due_at=past())
        everything_done(delivery)
        assert amazon.accepted == before


def test_guard_removed_the_harness_sees_it(amazon, settings, monkeypatch):
    """Taking an unanswered publish for a failure tells people twice; so does a queue without names."""
    monkeypatch.setattr(sns.SnsPushService, "_answers", lambda _self, _probe: False)
    settings.OUTSIDE_QUEUE_URL = ""
    delivery = audience(settings, 15)
    amazon.faults = Faults(unanswered_each=10)

    for _ in range(40):
        Delivery.objects.filter(pk=delivery.pk, state__in=["pending", "parked"]).update(
            state="pending", attempts=0, due_at=past()
        )
        services.send_delivery(delivery.pk)

    assert amazon.injected["unanswered"] > 0
    assert max(amazon.accepted.values()) > 1


def test_consumer_that_dies_in_mid_batch_is_followed_by_one_that_repeats_nothing(amazon, settings, monkeypatch):
    settings.OUTSIDE_QUEUE_URL = make_queue(visibility=1)
    audience(settings, 25)
    services.send_due()
    send, left = by_push.PushCarrier.send_one, iter(range(14))

    def dying(self, message, recipient):
        if next(left, None) is None:
            raise SystemExit
        return send(self, message, recipient)

    monkeypatch.setattr(by_push.PushCarrier, "send_one", dying)
    monkeypatch.setattr(outside, "delete", lambda _entries: None)  # a killed process does not clean up
    with pytest.raises(SystemExit):
        services.drain_outside_queue(until=time.monotonic() + 60)
    monkeypatch.undo()
    assert sum(amazon.accepted.values()) == 14
    time.sleep(1.5)  # SQS hands them out again

    while waiting(delivery_queue()):
        services.drain_outside_queue(until=time.monotonic() + 60, wait_seconds=1)

    assert_everybody_once(amazon)


def test_entry_that_fails_every_time_ends_in_the_dead_letters_and_in_the_admin(amazon, settings, monkeypatch):
    settings.OUTSIDE_QUEUE_URL = make_queue(visibility=0, receives=5)
    monkeypatch.setattr(outside, "hide", lambda _entries, _seconds: None)
    device = DeviceFactory(platform="fcm", token="f" * 30)  # no application is set up for it
    item = InboxItem.objects.create(
        customer=users.add_customers([NewCustomer(email="ana@example.com")])[0],
        message=MessageFactory(),
        created_at=timezone.now(),
    )
    Device.objects.filter(pk=device.pk).update(customer=item.customer)
    DeliveryFactory(message=item.message, channel="push", from_customer=item.customer, to_customer=item.customer)
    services.send_due()

    services.drain_outside_queue(until=time.monotonic() + 10)

    dead = settings.OUTSIDE_QUEUE_URL.replace(".fifo", "-dead.fifo")
    assert (waiting(settings.OUTSIDE_QUEUE_URL), waiting(dead)) == (0, 1)
    row = Straggler.objects.get()
    assert (row.state, row.reason) == ("given_up", "failed")
    assert "no platform application" in row.last_error


def test_endpoint_that_sns_disabled_disables_the_device_and_registering_enables_both(amazon, settings):
    service = sns.SnsPushService()
    device = DeviceFactory()
    device.endpoint = service.prepare(device)
    device.save()
    assert service.prepare(device) == device.endpoint
    client = sns.aws_client("sns")
    client.set_endpoint_attributes(EndpointArn=device.endpoint, Attributes={"Enabled": "false"})

    with pytest.raises(DeviceDeadError, match="EndpointDisabled"):
        service.push(device, NOTE)
    device.endpoint = ""  # an older version kept no name of it
    again = service.prepare(device)

    attributes = client.get_endpoint_attributes(EndpointArn=again)["Attributes"]
    assert str(attributes["Enabled"]).lower() == "true"
    service.remove(again)
    device.endpoint = again
    with pytest.raises(DeviceDeadError):
        service.push(device, NOTE)


def test_service_that_hears_nothing_is_out_too(amazon):
    service = sns.SnsPushService()
    device = DeviceFactory()
    device.endpoint = service.prepare(device)
    amazon.faults = Faults(is_deaf=True)

    with pytest.raises(PushOutError, match="none to the next call"):
        service.push(device, NOTE)
    assert amazon.accepted == {}


def test_text_message_reaches_the_number(amazon):
    sns.SnsPushService().text("+525512345678", "Hola")

    assert amazon.accepted == {"+525512345678": 1}


def test_service_that_answers_nobody_is_out_and_not_taken_for_accepting(amazon, settings):
    service = sns.SnsPushService()
    device = DeviceFactory()
    device.endpoint = service.prepare(device)
    amazon.stop()

    with pytest.raises(PushOutError):
        service.push(device, NOTE)


def test_consumer_needs_a_queue(settings):
    settings.OUTSIDE_QUEUE_URL = ""

    with pytest.raises(CommandError, match="OUTSIDE_QUEUE_URL"):
        call_command("run_outside_deliveries", "--once")
