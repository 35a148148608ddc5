"""Serializer fields that take exactly what the schema says: a number is a number, a text a text.

DRF's own fields turn `"１２"` into 12, `"NaN"` into a float and 5 into "5". Serializers of this project use these.
"""

import math
import re
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.core.errors import DomainError
from marketplace.core.geo import canonical_degrees
from marketplace.core.money import CURRENCIES, Money

from .parsing import MAX_DIGITS
from .viewsets import UUID_PATTERN

MAX_INTEGER = 2**31 - 1
# Python's own readers also take braces, underscores and other alphabets' digits.
_UUID = re.compile(UUID_PATTERN, re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)


class CharField(serializers.CharField):
    """Text only."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class EmailField(serializers.EmailField):
    """Text that is an address, kept in lower case (addresses are compared without case here)."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data).lower()


class URLField(serializers.URLField):
    """Text that is an http(s) or ftp address."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class SlugField(serializers.SlugField):
    """ASCII letters, digits, hyphens, underscores."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class IntegerField(serializers.IntegerField):
    """A JSON integer that fits the column."""

    limit: ClassVar[int] = MAX_INTEGER

    def __init__(self, **kwargs: Any) -> None:
        # SQLite's columns would take more than PostgreSQL's; the API is the same on both.
        kwargs["max_value"] = _nearer(kwargs.get("max_value"), self.limit)
        kwargs["min_value"] = _nearer(kwargs.get("min_value"), -self.limit)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, float) and data.is_integer() and abs(data) <= self.limit:
            data = int(data)  # JSON does not tell 1.0 from 1
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class BigIntegerField(IntegerField):
    """A JSON integer for a 64-bit column; as large as the parser lets through."""

    limit: ClassVar[int] = 10**MAX_DIGITS - 1


def _nearer(given: int | None, limit: int) -> int:
    return limit if given is None or abs(given) > abs(limit) else given


class FloatField(serializers.FloatField):
    """A finite JSON number."""

    def to_internal_value(self, data: Any) -> float:
        if not isinstance(data, int | float) or isinstance(data, bool) or not math.isfinite(data):
            self.fail("invalid")
        return super().to_internal_value(data)


class BooleanField(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class UUIDField(serializers.UUIDField):
    """An opaque id."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not _UUID.fullmatch(data):
            self.fail("invalid", value=data)
        return UUID(data)


class DateTimeField(serializers.DateTimeField):
    """RFC 3339 with an offset: a moment, not a wall clock somewhere."""

    default_error_messages = {"naive": _("Give the time with its offset, such as 2026-01-31T10:00:00Z.")}

    def to_internal_value(self, value: Any) -> datetime:
        match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.fail("invalid", format="RFC 3339")
        if match["offset"] is None:
            self.fail("naive")
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid", format="RFC 3339")


class DateField(serializers.DateField):
    """A day, as RFC 3339 has it: 2026-01-31."""

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class ChoiceField(serializers.ChoiceField):
    """One of the stated words."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class PrimaryKeyRelatedField(serializers.PrimaryKeyRelatedField[Any]):
    """The id of an object the caller may name. The queryset is the permission: what is outside does not exist."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("incorrect_type", data_type=type(data).__name__)
        rows = self.get_queryset()
        if rows is not None and isinstance(rows.model._meta.pk, models.UUIDField) and not _UUID.fullmatch(data):
            self.fail("does_not_exist", pk_value=data)
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.DOUBLE)
class LatitudeField(FloatField):
    """Degrees, -90 to 90."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=-90, max_value=90, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        return canonical_degrees(super().to_internal_value(data))


@extend_schema_field(OpenApiTypes.DOUBLE)
class LongitudeField(FloatField):
    """Degrees, -180 to 180."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=-180, max_value=180, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        return canonical_degrees(super().to_internal_value(data))


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "amount": {"type": "string", "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,3})?$"},
            "currency": {"type": "string", "enum": sorted(CURRENCIES)},
        },
        "required": ["amount", "currency"],
        "example": {"amount": "499.00", "currency": "MXN"},
    }
)
class MoneyField(serializers.Field[Money, Any, dict[str, str], Any]):
    """`{"amount": "499.00", "currency": "MXN"}`; positive unless `allow_zero`."""

    default_error_messages = {
        "invalid": _("Money is an object with the texts amount and currency."),
        "not_positive": _("The amount must be more than zero."),
    }

    def __init__(self, *, allow_zero: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.allow_zero = allow_zero

    def to_internal_value(self, data: Any) -> Money:
        if not isinstance(data, dict):
            self.fail("invalid")
        amount, currency = data.get("amount"), data.get("currency", settings.DEFAULT_CURRENCY)
        if not isinstance(amount, str) or not isinstance(currency, str):
            self.fail("invalid")
        try:
            money = Money.parse(amount, currency)
        except DomainError as error:
            raise serializers.ValidationError(gettext(error.message) % error.params, code=error.code) from error
        if not money and not self.allow_zero:
            self.fail("not_positive")
        return money

    def to_representation(self, value: Money) -> dict[str, str]:
        return money_json(value)


def money_json(value: Money) -> dict[str, str]:
    """Money as the API writes it."""
    return {"amount": f"{value.decimal:f}", "currency": value.currency}


class ModelSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    """DRF's, with this module's fields."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: CharField,
        models.TextField: CharField,
        models.EmailField: EmailField,
        models.SlugField: SlugField,
        models.URLField: URLField,
        models.IntegerField: IntegerField,
        models.PositiveIntegerField: IntegerField,
        models.PositiveSmallIntegerField: IntegerField,
        models.BigIntegerField: BigIntegerField,
        models.FloatField: FloatField,
        models.BooleanField: BooleanField,
        models.UUIDField: UUIDField,
        models.DateTimeField: DateTimeField,
        models.DateField: DateField,
    }
    serializer_choice_field = ChoiceField
    serializer_related_field = PrimaryKeyRelatedField
