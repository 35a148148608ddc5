"""Push and text messages: each device, payloads by platform, dead devices, what is left of several."""

import json

import pytest
from django.utils import timezone

from notifications.delivery import services
from notifications.delivery.models import Delivery, Straggler
from notifications.delivery.tests.factories import DeliveryFactory, past
from notifications.devices.models import Device
from notifications.devices.payloads import attributes_of, message_of, shortened
from notifications.devices.ports import (
    DeviceDeadError,
    Note,
    PushError,
    PushOutError,
    PushThrottledError,
    forget_service,
)
from notifications.devices.tests.factories import DeviceFactory
from notifications.inbox.tests.factories import InboxItemFactory
from notifications.preferences.models import Preference
from users.customers.tests.factories import make_customer

pytestmark = pytest.mark.django_db
NOTE = Note(title="Order K7P2 is paid", body="Thank you! " * 60, collapse_id="5120", data={"notification": "5120"})


class Scripted:
    """A push service at our outer edge: does to each token what the test says."""

    answers: dict[str, list[PushError]] = {}
    pushed: list[tuple[str, str]] = []

    def prepare(self, device):
        return f"arn:{device.pk}"

    def push(self, device, note):
        waiting = self.answers.get(device.token)
        if waiting:
            raise waiting.pop(0)
        self.pushed.append((device.token, note.collapse_id))

    def text(self, number, words):
        self.pushed.append((number, words))

    def remove(self, endpoint):
        pass


@pytest.fixture(autouse=True)
def service(settings):
    settings.PUSH_SERVICES = {"scripted": f"{__name__}.Scripted"}
    settings.PUSH_SERVICE = "scripted"
    forget_service()
    Scripted.answers, Scripted.pushed = {}, []
    yield Scripted
    forget_service()


def told(*devices, channel="push", kind="announcement"):
    """One person with these devices and a message that is due for them."""
    user = make_customer(profile={"language": "en"})
    Device.objects.filter(pk__in=[device.pk for device in devices]).update(customer=user.pk)
    item = InboxItemFactory(customer=user.pk, message__kind=kind)
    delivery = DeliveryFactory(message=item.message, channel=channel, from_customer=user.pk, to_customer=user.pk)
    return user, item, delivery


def again() -> None:
    Straggler.objects.update(due_at=past())
    services.send_due()


def test_each_live_device_gets_it_with_the_notifications_id(service):
    one, two = DeviceFactory(), DeviceFactory(platform="fcm", token="f" * 30)
    disabled = DeviceFactory(disabled_at=timezone.now(), disabled_reason="EndpointDisabled")
    number = DeviceFactory(platform="sms", token="+525512345678", confirmed_at=timezone.now())
    _user, item, delivery = told(one, two, disabled, number)

    services.send_due()

    assert sorted(service.pushed) == sorted([(one.token, str(item.pk)), (two.token, str(item.pk))])
    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_count) == ("done", 1)
    one.refresh_from_db()
    assert one.endpoint == f"arn:{one.pk}"


def test_whoever_has_no_device_costs_nothing_and_is_no_failure(service):
    _user, _item, delivery = told()

    services.send_due()

    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_count, service.pushed) == ("done", 0, [])


def test_dead_device_is_disabled_with_the_reason_and_the_other_is_served(service):
    dead, alive = DeviceFactory(), DeviceFactory()
    service.answers = {dead.token: [DeviceDeadError("EndpointDisabled")]}
    told(dead, alive)

    services.send_due()

    dead.refresh_from_db()
    assert (dead.disabled_reason, dead.disabled_at is None) == ("EndpointDisabled", False)
    assert [token for token, _id in service.pushed] == [alive.token]
    assert Straggler.objects.count() == 0


def test_nobody_left_to_serve_is_given_up_with_the_reason(service):
    dead = DeviceFactory()
    service.answers = {dead.token: [DeviceDeadError("EndpointDisabled")]}
    told(dead)

    services.send_due()

    row = Straggler.objects.get()
    assert (row.state, row.reason, row.last_error) == ("given_up", "refused", "EndpointDisabled")


def test_of_two_devices_only_the_one_that_did_not_get_it_is_tried_again(service):
    fine, slow = DeviceFactory(), DeviceFactory()
    service.answers = {slow.token: [PushThrottledError("Throttled")]}
    told(fine, slow)

    services.send_due()
    row = Straggler.objects.get()
    assert (row.reason, row.devices_left) == ("throttled", [str(slow.pk)])
    again()

    assert [token for token, _id in service.pushed] == [fine.token, slow.token]
    assert Straggler.objects.count() == 0


def test_service_that_is_out_stops_the_batch_and_blames_nobody(service):
    device = DeviceFactory()
    service.answers = {device.token: [PushOutError("no answer")]}
    told(device)

    services.send_due()

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("pending", 1, "ChannelOutError: no answer")
    assert Straggler.objects.count() == 0
    Delivery.objects.update(due_at=past())
    services.send_due()
    assert len(service.pushed) == 1


def test_text_message_goes_to_confirmed_numbers_of_those_who_asked(service):
    number = DeviceFactory(platform="sms", token="+525512345678", confirmed_at=timezone.now())
    guess = DeviceFactory(platform="sms", token="+525500000000")
    user, _item, delivery = told(number, guess, channel="sms")
    services.send_due()
    assert service.pushed == []

    Preference.objects.create(customer=user.pk, kind="announcement", channel="sms", is_on=True)
    Delivery.objects.filter(pk=delivery.pk).update(state="pending", due_at=past())
    services.send_delivery(delivery.pk)

    assert service.pushed == [(number.token, "We close early")]


def test_payloads_hold_to_each_platform_and_carry_the_collapse_id():
    apns, fcm = DeviceFactory.build(), DeviceFactory.build(platform="fcm")

    apple, google = json.loads(message_of(apns, NOTE)), json.loads(message_of(fcm, NOTE))

    alert = json.loads(apple["APNS"])["aps"]["alert"]
    assert apple["APNS"] == apple["APNS_SANDBOX"]
    assert (alert["title"], len(alert["body"]) <= 300) == ("Order K7P2 is paid", True)
    assert len(apple["APNS"].encode()) < 4096
    sent = json.loads(google["GCM"])["fcmV1Message"]["message"]
    assert sent["android"]["collapse_key"] == sent["android"]["notification"]["tag"] == "5120"
    assert attributes_of(apns, NOTE)["AWS.SNS.MOBILE.APNS.COLLAPSE_ID"]["StringValue"] == "5120"
    assert attributes_of(fcm, NOTE) == {}


@pytest.mark.parametrize(
    ("words", "limit", "short"),
    [
        ("one two", 7, "one two"),
        ("one two three", 9, "one two…"),
        ("one\ntwo", 20, "one two"),
        ("x" * 30, 10, "x" * 9 + "…"),
    ],
)
def test_words_are_cut_behind_a_word(words, limit, short):
    assert shortened(words, limit) == short


def test_text_messages_of_a_day_are_capped_and_other_numbers_never_written_to(service, settings):
    settings.SMS_PER_CUSTOMER_AND_DAY = 1
    number = DeviceFactory(platform="sms", token="+525512345678", confirmed_at=timezone.now())
    abroad = DeviceFactory(platform="sms", token="+882512345678", confirmed_at=timezone.now())
    user, _item, _delivery = told(number, abroad, channel="sms")
    Preference.objects.create(customer=user.pk, kind="announcement", channel="sms", is_on=True)
    services.send_due()
    second = InboxItemFactory(customer=user.pk, message__kind="announcement")
    DeliveryFactory(message=second.message, channel="sms", from_customer=user.pk, to_customer=user.pk)

    services.send_due()

    assert [to for to, _words in service.pushed] == [number.token]
    row = Straggler.objects.get()
    assert (row.state, row.reason) == ("given_up", "refused")
    assert "used up" in row.last_error
    assert Device.objects.filter(disabled_at__isnull=True).count() == 2
