"""Writes of the address book. Each holds the customer's own row, so that exactly one address is the default."""

import re
import unicodedata
from typing import TypedDict, Unpack
from uuid import UUID

from django.db import transaction

from marketplace.core.errors import InvalidInputError, gettext_noop
from marketplace.core.locking import LockRank, lock
from users.accounts.errors import AccountNotFoundError
from users.accounts.models import User

from .countries import COUNTRIES
from .errors import DefaultAddressNeededError, TooManyAddressesError
from .models import Address
from .selectors import address_of, addresses_of

MOST_ADDRESSES = 20
NEEDED = frozenset({"recipient", "line1", "city"})

_LENGTHS = {field.name: field.max_length for field in Address._meta.fields if field.max_length is not None}
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{3,30}", re.ASCII)
# They turn the reading direction of what follows, also outside of the text.
_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class AddressChange(TypedDict, total=False):
    """What may be said of an address; what is absent stays."""

    label: str
    recipient: str
    phone: str
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str
    notes: str


@transaction.atomic
def add_address(*, customer_id: UUID, is_default: bool = False, **values: Unpack[AddressChange]) -> Address:
    """Another address; the first one is the default anyway, a later one takes the default over if it says so.

    Raises `InvalidInputError` naming the field, `TooManyAddressesError`, `AccountNotFoundError`.
    """
    address = Address(customer_id=customer_id, **_clean(values))
    _require(address)
    _lock_customer(customer_id)
    count = addresses_of(customer_id).count()
    if count >= MOST_ADDRESSES:
        raise TooManyAddressesError(limit=MOST_ADDRESSES)
    address.is_default = is_default or count == 0
    if address.is_default:
        addresses_of(customer_id).update(is_default=False)
    address.save(force_insert=True)
    return address


@transaction.atomic
def change_address(
    *, customer_id: UUID, address_id: UUID, is_default: bool | None = None, **values: Unpack[AddressChange]
) -> Address:
    """Say something else of an address, or make it the default.

    Raises `AddressNotFoundError`, `InvalidInputError`, `DefaultAddressNeededError` when the default would be none.
    """
    _lock_customer(customer_id)
    address = address_of(customer_id, address_id)
    if is_default is False and address.is_default:
        raise DefaultAddressNeededError
    for name, value in _clean(values).items():
        setattr(address, name, value)
    _require(address)
    if is_default and not address.is_default:
        addresses_of(customer_id).update(is_default=False)
        address.is_default = True
    address.save()
    return address


@transaction.atomic
def delete_address(*, customer_id: UUID, address_id: UUID) -> None:
    """Forget an address; of those that are left the newest becomes the default, if it was that.

    Raises `AddressNotFoundError`.
    """
    _lock_customer(customer_id)
    address = address_of(customer_id, address_id)
    address.delete()
    successor = addresses_of(customer_id).order_by("-pk").first()
    if address.is_default and successor is not None:
        successor.is_default = True
        successor.save(update_fields=["is_default", "updated_at"])


def erase_addresses(customer_id: UUID) -> None:
    """The slice's eraser: nobody lives anywhere any more. Orders keep what they were sent to."""
    addresses_of(customer_id).delete()


def _lock_customer(customer_id: UUID) -> None:
    if not lock(LockRank.PERSON, User.objects.filter(pk=customer_id, archived_at__isnull=True)):
        raise AccountNotFoundError


def _clean(values: AddressChange) -> AddressChange:
    """The texts as they are kept: NFC, without space around them, on one line. Raises `InvalidInputError`."""
    kept: AddressChange = {}
    for name, value in values.items():
        text = unicodedata.normalize("NFC", str(value)).strip()
        if any(_is_odd(letter) for letter in text):
            raise InvalidInputError.of(name, "control_characters", gettext_noop("The text holds control characters."))
        if len(text) > _LENGTHS[name]:
            raise InvalidInputError.of(name, "max_length", gettext_noop("The text is too long."))
        kept[name] = text  # type: ignore[literal-required]  # the caller's keys are the dict's
    return kept


def _require(address: Address) -> None:
    """A courier can find it. Raises `InvalidInputError`."""
    for name in sorted(NEEDED):
        if not any(unicodedata.category(letter)[0] in "LN" for letter in getattr(address, name)):
            raise InvalidInputError.of(name, "blank", gettext_noop("Write something."))
    if address.country not in COUNTRIES:
        detail = gettext_noop("Give the two capital letters of a country, such as MX.")
        raise InvalidInputError.of("country", "unknown_country", detail)
    if address.phone and not _PHONE.fullmatch(address.phone):
        raise InvalidInputError.of("phone", "invalid_phone", gettext_noop("Give a telephone number."))


def _is_odd(letter: str) -> bool:
    return letter in _DIRECTIONS or unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
