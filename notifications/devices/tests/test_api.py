"""Devices over HTTP: registered, moved, confirmed with a limited number of tries, removed."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from marketplace.core.erasure import erase_person
from marketplace.core.outbox.models import OutboxEvent
from marketplace.core.outbox.relay import drain
from notifications.devices import services
from notifications.devices.models import Device, NumberCode
from notifications.devices.ports import PushThrottledError, forget_service
from notifications.devices.tests.factories import DeviceFactory
from notifications.devices.texts import count_text
from notifications.rates.models import SendingRate
from notifications.rates.services import set_rate
from users.accounts.tests.factories import UnverifiedUserFactory
from users.customers.tests.factories import make_customer

pytestmark = pytest.mark.django_db
URL = "/api/v1/notifications/devices/"
APNS = {"platform": "apns", "token": "ab" * 32, "name": "Ana's telephone"}
NUMBER = {"platform": "sms", "token": "+525512345678"}


@pytest.fixture
def me(api):
    user = make_customer(profile={"language": "es"})
    api.force_authenticate(user)
    return user


@pytest.fixture(autouse=True)
def texts(settings, tmp_path):
    """What was sent to numbers, by the file service."""
    settings.PUSH_FILE_PATH = str(tmp_path)
    forget_service()
    return lambda: [json.loads(line) for line in _lines(tmp_path / "sms.jsonl")]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def code_of(text: str) -> str:
    return str(re.findall(r"\d{6}", text)[0])


def test_device_is_registered_once_listed_without_its_token_and_removed(api, me):
    first = api.post(URL, APNS, format="json")
    again = api.post(URL, APNS | {"name": "New name"}, format="json")
    DeviceFactory()

    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    listed = api.get(URL).json()["results"]
    assert [row["name"] for row in listed] == ["New name"]
    assert APNS["token"] not in json.dumps(listed)
    drain()
    assert Device.objects.get(customer=me.pk).endpoint.startswith("file:apns/")
    assert api.delete(f"{URL}{first.json()['id']}/").status_code == 204
    assert api.get(URL).json()["results"] == []
    assert OutboxEvent.objects.filter(wire_name="notifications.device_removed").count() == 1


def test_token_belongs_to_whoever_registered_it_last_and_is_enabled_again(api, me):
    old = DeviceFactory(token=APNS["token"], disabled_at=timezone.now(), disabled_reason="EndpointDisabled")

    answer = api.post(URL, APNS, format="json")

    device = Device.objects.get()
    assert (device.pk, device.customer, device.disabled_at, device.disabled_reason) == (old.pk, me.pk, None, "")
    assert answer.json()["id"] == str(old.pk)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"platform": "apns"},
        {"platform": "pigeon", "token": "ab" * 32},
        {"platform": "apns", "token": "zz" * 32},
        {"platform": "apns", "token": "ab"},
        {"platform": "fcm", "token": "short"},
        {"platform": "fcm", "token": "a b" * 20},
        {"platform": "sms", "token": "5512345678"},
        {"platform": "sms", "token": "+0512345678"},
        {"platform": "sms", "token": "+52551234567890123"},
        {"platform": "sms", "token": "+５２５５１２３４５６７８"},
        {"platform": "sms", "token": 525512345678},
        {"platform": "apns", "token": "ab" * 32, "name": "x" * 81},
        [],
    ],
)
def test_bad_device_is_refused_and_registers_nothing(api, me, body):
    answer = api.post(URL, body, format="json")

    assert answer.status_code == 400
    assert Device.objects.count() == OutboxEvent.objects.count() == 0


def test_number_is_confirmed_by_the_code_that_was_sent_to_it(api, me, texts):
    stranger = DeviceFactory(platform="sms", token=NUMBER["token"], confirmed_at=timezone.now())
    device = api.post(URL, NUMBER, format="json").json()
    drain()

    assert device["is_confirmed"] is False
    assert "tu código" in texts()[0]["text"]
    assert texts()[0]["number"] == "**********678"
    assert Device.objects.filter(pk=stranger.pk).exists()
    confirmed = api.post(f"{URL}{device['id']}/confirm/", {"code": code_of(texts()[0]["text"])}, format="json")
    assert confirmed.json()["is_confirmed"] is True
    # Whoever had it before has it no more; and the code is used up.
    assert list(Device.objects.values_list("customer", flat=True)) == [me.pk]
    assert NumberCode.objects.count() == 0


def test_five_wrong_codes_use_it_up(api, me, texts):
    device = api.post(URL, NUMBER, format="json").json()
    drain()
    code = code_of(texts()[0]["text"])
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    url = f"{URL}{device['id']}/confirm/"

    answers = [api.post(url, {"code": wrong}, format="json") for _ in range(5)]
    late = api.post(url, {"code": code}, format="json")

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(400, "wrong_number_code")}
    assert (late.status_code, late.json()["code"]) == (429, "too_many_tries")
    assert Device.objects.get().confirmed_at is None


def test_code_that_is_too_old_confirms_nothing(api, me, texts):
    device = api.post(URL, NUMBER, format="json").json()
    drain()
    NumberCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    answer = api.post(f"{URL}{device['id']}/confirm/", {"code": code_of(texts()[0]["text"])}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_number_code")
    assert Device.objects.get().confirmed_at is None


@pytest.mark.parametrize("code", ["12345", "1234567", "١٢٣٤٥٦", 123456, "", None])
def test_what_is_no_code_is_no_try(api, me, code):
    device = api.post(URL, NUMBER, format="json").json()
    drain()

    assert api.post(f"{URL}{device['id']}/confirm/", {"code": code}, format="json").status_code == 400
    assert NumberCode.objects.get().tries_count == 0


def test_nobodys_telephone_rings_all_day(api, me, texts):
    answers = [api.post(URL, NUMBER, format="json").status_code for _ in range(5)]
    drain()

    assert answers == [201, 201, 201, 429, 429]
    assert len(texts()) == 3


def test_whoever_types_somebody_elses_number_does_not_close_it_to_its_owner(api, me, texts):
    others = [make_customer() for _ in range(4)]
    for other in others[:3]:
        api.force_authenticate(other)
        for _ in range(4):
            api.post(URL, NUMBER, format="json")
    api.force_authenticate(me)
    mine = [api.post(URL, NUMBER, format="json").status_code for _ in range(4)]
    api.force_authenticate(others[3])
    late = api.post(URL, NUMBER, format="json")
    drain()

    assert mine == [201, 201, 201, 429]
    assert (late.status_code, late.json()["code"]) == (429, "too_many_codes")
    assert len(texts()) == 12
    assert not Device.objects.filter(customer=others[3].pk).exists()


def test_numbers_are_for_people_with_a_proven_address(api, me):
    api.force_authenticate(UnverifiedUserFactory())

    number = api.post(URL, NUMBER, format="json")
    telephone = api.post(URL, APNS, format="json")

    assert (number.status_code, number.json()["code"]) == (403, "email_not_verified")
    assert telephone.status_code == 201
    assert Device.objects.get().platform == "apns"


def test_numbers_that_begin_otherwise_are_refused_and_counted_nowhere(api, me, settings):
    settings.SMS_ALLOWED_PREFIXES = ["+52", "+1"]
    settings.SMS_PER_CUSTOMER_AND_DAY = 1

    refused = [api.post(URL, NUMBER | {"token": "+882512345678"}, format="json") for _ in range(5)]
    taken = api.post(URL, NUMBER | {"token": "+15551234567"}, format="json")

    assert {answer.status_code for answer in refused} == {400}
    assert [(each["field"], each["code"]) for each in refused[0].json()["errors"]] == [("token", "number_not_served")]
    assert taken.status_code == 201
    assert Device.objects.get().token == "+15551234567"


def test_one_network_registers_so_many_numbers_whoever_signs_in_there(api, me, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "numbers": "2/hour"}
    answers = []
    for place in range(3):
        api.force_authenticate(make_customer())
        answers.append(api.post(URL, NUMBER | {"token": f"+52551234567{place}"}, format="json"))
    elsewhere = api.post(URL, NUMBER | {"token": "+525512345679"}, format="json", REMOTE_ADDR="192.0.2.7")

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].json()["code"] == "too_many_numbers"
    assert elsewhere.status_code == 201
    assert Device.objects.count() == 3


def test_a_days_text_messages_are_counted_over_all_numbers(api, me, settings):
    settings.SMS_PER_CUSTOMER_AND_DAY = 2

    answers = [api.post(URL, NUMBER | {"token": f"+52551234567{place}"}, format="json") for place in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].json()["code"] == "too_many_texts"
    assert Device.objects.count() == 2


def test_of_many_texts_at_once_exactly_so_many_are_within(together, settings):
    settings.SMS_PER_CUSTOMER_AND_DAY = 5
    customer = make_customer().pk

    assert sorted(together(lambda _number: count_text(customer), 9)) == [False] * 4 + [True] * 5


def test_code_waits_for_a_token_of_the_channels_rate(api, me, texts, monkeypatch):
    set_rate(channel="sms", per_second=1, burst=1, actor_id=None)
    # Filled in the future: nothing is added meanwhile.
    SendingRate.objects.update(tokens=0, filled_at=timezone.now() + timedelta(hours=1))
    pauses = []
    monkeypatch.setattr(services, "sleep", pauses.append)
    device = api.post(URL, NUMBER, format="json").json()

    with pytest.raises(PushThrottledError):
        services.prepare_device(device_id=device["id"])
    assert pauses == list(services.TOKEN_PAUSES)
    assert (texts(), NumberCode.objects.count()) == ([], 0)
    SendingRate.objects.update(tokens=1)
    services.prepare_device(device_id=device["id"])

    assert len(texts()) == 1
    assert SendingRate.objects.get().tokens == 0


def test_devices_of_others_are_not_there_for_me(api, me):
    other = DeviceFactory(platform="sms", token="+525500000000")

    assert api.delete(f"{URL}{other.pk}/").status_code == 404
    assert api.post(f"{URL}{other.pk}/confirm/", {"code": "123456"}, format="json").status_code == 404
    assert Device.objects.filter(pk=other.pk).exists()


def test_twenty_devices_are_enough(api, me):
    for _ in range(services.MOST_DEVICES):
        known = DeviceFactory(customer=me.pk)

    refused = api.post(URL, APNS, format="json")
    renewed = api.post(URL, {"platform": "apns", "token": known.token}, format="json")

    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_devices")
    assert renewed.status_code == 201
    assert Device.objects.count() == services.MOST_DEVICES


def test_erasure_forgets_devices_here_and_there(me):
    DeviceFactory(customer=me.pk, endpoint="arn:one")
    stays = DeviceFactory()

    erase_person(me.pk)

    assert Device.objects.get().pk == stays.pk
    event = OutboxEvent.objects.get(wire_name="notifications.device_removed")
    assert event.payload == {"endpoint": "arn:one"}


@pytest.mark.django_db(transaction=True)
def test_of_many_guesses_at_once_five_are_counted(together, me):
    device = DeviceFactory(customer=me.pk, platform="sms", token=NUMBER["token"])
    NumberCode.objects.create(device=device, code_hash="x", expires_at=timezone.now() + timedelta(minutes=5))

    answers = together(
        lambda number: services.confirm_number(customer_id=me.pk, device_id=device.pk, code=f"{number:06}"), 9
    )

    assert (
        sorted(getattr(answer, "code", "") for answer in answers) == ["too_many_tries"] * 4 + ["wrong_number_code"] * 5
    )
    assert NumberCode.objects.get().tries_count == 5
