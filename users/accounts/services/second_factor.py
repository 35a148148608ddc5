"""The second factor of people of the house: codes of an authenticator application (TOTP, RFC 6238), and recovery codes.

django-otp keeps the devices and slows down guessing: after the n-th wrong code nothing counts for 2^(n-1) seconds.
"""

from base64 import b32encode
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from marketplace.core import audit
from users.accounts.errors import AccountNotFoundError, SecondFactorPresentError, WrongCodeError
from users.accounts.models import User

RECOVERY_CODES = 10
_NAME = "authenticator"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator application is told: `uri` as a QR code, or `secret` typed by hand."""

    secret: str
    uri: str


def has_second_factor(account_id: UUID) -> bool:
    """Whether a confirmed authenticator stands behind the account."""
    return bool(TOTPDevice.objects.filter(user_id=account_id, confirmed=True).exists())


@transaction.atomic
def begin_second_factor(*, account_id: UUID) -> Enrolment:
    """The secret to scan; the same one until it is confirmed. Raises `SecondFactorPresentError`."""
    if has_second_factor(account_id):
        raise SecondFactorPresentError
    device, _made = TOTPDevice.objects.get_or_create(user_id=account_id, confirmed=False, name=_NAME)
    return Enrolment(secret=b32encode(device.bin_key).decode().rstrip("="), uri=device.config_url)


def confirm_second_factor(*, account_id: UUID, code: str) -> tuple[Device, list[str]]:
    """The application is set up: from now on a code is asked for. Gives the recovery codes, this once.

    Raises `WrongCodeError`, `SecondFactorPresentError`.
    """
    if has_second_factor(account_id):
        raise SecondFactorPresentError
    device = _accepting(TOTPDevice, account_id, code, confirmed=False)
    if device is None:
        raise WrongCodeError
    with transaction.atomic():
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        codes = _new_recovery_codes(account_id)
        audit.record(actor_id=account_id, action="users.confirm_second_factor", subject=device.user)
    return device, codes


def check_second_factor(*, account_id: UUID, code: str) -> Device:
    """The device that accepts the code; a recovery code is spent by it. Raises `WrongCodeError`."""
    # Told apart by their looks, so that a wrong one slows down guesses of its own kind only.
    kind = TOTPDevice if code.strip().isdigit() else StaticDevice
    device = _accepting(kind, account_id, code.strip().lower())
    if device is None:
        raise WrongCodeError
    return device


def _accepting(kind: type[Device], account_id: UUID, code: str, *, confirmed: bool = True) -> Device | None:
    # Its own transaction: a wrong code must count, whatever the caller does about it.
    with transaction.atomic():
        rows = kind.objects.select_for_update().filter(user_id=account_id, confirmed=confirmed)
        return next((device for device in rows if device.verify_token(code.strip())), None)


@transaction.atomic
def reset_second_factor(*, actor: User, account_id: UUID) -> None:
    """Somebody lost their device: forget it, so that a new one can be set up. Raises `AccountNotFoundError`."""
    account = User.objects.filter(pk=account_id, archived_at__isnull=True).first()
    if account is None:
        raise AccountNotFoundError
    forget_second_factor(account_id)
    audit.record(actor_id=actor.pk, action="users.reset_second_factor", subject=account)


def forget_second_factor(account_id: UUID) -> None:
    """Delete the account's devices and recovery codes."""
    TOTPDevice.objects.filter(user_id=account_id).delete()
    StaticDevice.objects.filter(user_id=account_id).delete()


def _new_recovery_codes(account_id: UUID) -> list[str]:
    StaticDevice.objects.filter(user_id=account_id).delete()
    device = StaticDevice.objects.create(user_id=account_id, name="recovery")
    codes = [StaticToken.random_token() for _code in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=code) for code in codes])
    return codes
