"""Writes of the devices."""

import hashlib
import re
import secrets
from datetime import timedelta
from time import sleep
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from marketplace.core.clock import db_now
from marketplace.core.errors import InvalidInputError
from marketplace.core.outbox.publishing import publish
from notifications.events import DeviceRegistered, DeviceRemoved
from notifications.kinds.channels import Channel
from notifications.rates.services import at_once, take_tokens
from users import facade as users

from .errors import (
    BadTokenError,
    DeviceNotFoundError,
    TooManyDevicesError,
    TooManyTriesError,
    WrongNumberCodeError,
)
from .models import Device, NumberCode
from .ports import DeviceDeadError, PushThrottledError, push_service
from .texts import is_served

MOST_DEVICES: Final = 20
CODE_LASTS: Final = timedelta(minutes=10)
MOST_TRIES: Final = 5
TOKEN_PAUSES: Final = (0.1, 0.3, 0.6, 1.0)
"""Seconds. What does not come in time is left to the outbox, which tries again."""
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_TOKENS: Final = {
    Device.Platform.APNS.value: re.compile(r"[0-9A-Fa-f]{64,200}", re.ASCII),
    Device.Platform.FCM.value: re.compile(r"[0-9A-Za-z_:.\-]{20,4096}", re.ASCII),
    Device.Platform.SMS.value: _NUMBER,
}


def check_token(platform: str, token: str) -> None:
    """Raises `BadTokenError`, and `InvalidInputError` for a number where no text messages are sent to."""
    if not _TOKENS[platform].fullmatch(token):
        raise BadTokenError
    if platform == Device.Platform.SMS and not is_served(token):
        raise InvalidInputError.of(
            "token", "number_not_served", _("The shop sends no text messages to numbers that begin like this one.")
        )


@transaction.atomic
def register_device(*, customer_id: UUID, platform: str, token: str, name: str = "") -> Device:
    """The device, new or known. A token moves to whoever registers it; a number is written to once it is confirmed.

    Registering anew enables a disabled device, and sends a number that is not confirmed another code. Raises
    `BadTokenError`, `InvalidInputError`, `TooManyDevicesError`.
    """
    check_token(platform, token)
    if Device.objects.filter(customer=customer_id).count() >= MOST_DEVICES and not _known(platform, token, customer_id):
        raise TooManyDevicesError(limit=MOST_DEVICES)
    row = Device(customer=customer_id, platform=platform, token=token, token_hash=token_hash(token), name=name)
    known = _known(platform, token, customer_id)
    if known is None:
        Device.objects.bulk_create([row], ignore_conflicts=True)
        known = _known(platform, token, customer_id) or row
    Device.objects.filter(pk=known.pk).update(
        customer=customer_id, name=name or known.name, disabled_at=None, disabled_reason="", updated_at=db_now()
    )
    publish(DeviceRegistered(device_id=known.pk))
    known.refresh_from_db()
    return known


def prepare_device(*, device_id: UUID) -> None:
    """What the push service must know before anything is sent; a number that is not confirmed is sent its code.

    Raises `PushError` and its kinds.
    """
    device = Device.objects.filter(pk=device_id, disabled_at__isnull=True).first()
    if device is None:
        return
    if device.platform != Device.Platform.SMS:
        ready_endpoint(device, anew=True)
    elif device.confirmed_at is None and is_served(device.token):
        _wait_for_token()
        _send_code(device)


def ready_endpoint(device: Device, *, anew: bool = False) -> Device:
    """The device with its endpoint, made now where there is none. Raises `PushError` and its kinds."""
    if anew or not device.endpoint:
        device.endpoint = push_service().prepare(device)
        Device.objects.filter(pk=device.pk).update(endpoint=device.endpoint)
    return device


def confirm_number(*, customer_id: UUID, device_id: UUID, code: str) -> Device:
    """The number is this customer's, and nobody else's any more. Each try counts, also a refused one.

    Raises `DeviceNotFoundError`, `WrongNumberCodeError`, `TooManyTriesError`.
    """
    device = Device.objects.filter(pk=device_id, customer=customer_id, platform=Device.Platform.SMS).first()
    if device is None:
        raise DeviceNotFoundError
    if device.confirmed_at is not None:
        return device
    sent = NumberCode.objects.filter(device=device, expires_at__gt=db_now())
    # Committed before the code is looked at: many guesses at once are counted one by one.
    if not sent.filter(tries_count__lt=MOST_TRIES).update(tries_count=F("tries_count") + 1):
        raise TooManyTriesError if sent.exists() else WrongNumberCodeError
    if not constant_time_compare(sent.values_list("code_hash", flat=True).get(), _code_hash(device, code)):
        raise WrongNumberCodeError
    with transaction.atomic():
        Device.objects.filter(platform=Device.Platform.SMS, token_hash=device.token_hash).exclude(pk=device.pk).delete()
        Device.objects.filter(pk=device.pk).update(confirmed_at=db_now())
        NumberCode.objects.filter(device=device).delete()
    device.refresh_from_db()
    return device


@transaction.atomic
def remove_device(*, customer_id: UUID, device_id: UUID) -> None:
    """Raises `DeviceNotFoundError`."""
    device = Device.objects.filter(pk=device_id, customer=customer_id).first()
    if device is None:
        raise DeviceNotFoundError
    _remove([device])


def disable_device(*, device: Device, reason: str) -> None:
    """Nothing more goes there until the app registers it anew. Harmless twice."""
    Device.objects.filter(pk=device.pk, disabled_at__isnull=True).update(
        disabled_at=db_now(), disabled_reason=(reason or "unknown")[:80]
    )


@transaction.atomic
def forget_devices(customer_id: UUID) -> None:
    """Erasure: here at once, and at the push service by an event."""
    _remove(list(Device.objects.filter(customer=customer_id)))


def remove_endpoint(endpoint: str) -> None:
    """At the push service. Raises `PushError` and its kinds."""
    # Registered by somebody else meanwhile: it is theirs.
    if not Device.objects.filter(endpoint=endpoint).exists():
        push_service().remove(endpoint)


def token_hash(token: str) -> str:
    """What makes a token unique."""
    return hashlib.sha256(token.encode()).hexdigest()


def _known(platform: str, token: str, customer_id: UUID) -> Device | None:
    rows = Device.objects.filter(platform=platform, token_hash=token_hash(token))
    return rows.filter(customer=customer_id).first() if platform == Device.Platform.SMS else rows.first()


def _remove(devices: list[Device]) -> None:
    Device.objects.filter(pk__in=[device.pk for device in devices]).delete()
    publish(*(DeviceRemoved(endpoint=device.endpoint) for device in devices if device.endpoint))


def _wait_for_token() -> None:
    """Codes go by the channel's rate as everything does. Raises `PushThrottledError`."""
    if at_once(Channel.SMS) is None:
        return
    for pause in (*TOKEN_PAUSES, None):
        if take_tokens(Channel.SMS, 1):
            return
        if pause is not None:
            sleep(pause)
    raise PushThrottledError("no token of the channel's rate was left")


def _send_code(device: Device) -> None:
    code = f"{secrets.randbelow(1_000_000):06}"
    with transaction.atomic():
        NumberCode.objects.update_or_create(
            device=device,
            defaults={
                "code_hash": _code_hash(device, code),
                "expires_at": db_now() + CODE_LASTS,
                "tries_count": 0,
            },
        )
        language = users.customer_languages([device.customer]).get(device.customer, settings.LANGUAGE_CODE)
        with translation.override(language):
            words = _("%(code)s is your code for text messages of the shop.") % {"code": code}
        try:
            push_service().text(device.token, words)
        except DeviceDeadError as error:
            disable_device(device=device, reason=str(error))


def _code_hash(device: Device, code: str) -> str:
    return salted_hmac(f"notifications.number.{device.pk}", code, algorithm="sha256").hexdigest()
