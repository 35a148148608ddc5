"""The JSON of the wallet routes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from funds.ledger.models import Hold, JournalKind, Posting
from funds.payments.models import Deposit, Payout
from funds.payments.providers import PROVIDER_NAMES
from marketplace.core.http import fields
from marketplace.core.money import CURRENCIES, Money

from .destinations import MAX_LENGTH, is_destination
from .models import WalletSettings
from .selectors import Period

POSTED = "posted"
NOTE_LENGTH = 200
FILES = ("csv", "pdf")
DAYS_SHOWN = 30
MAX_DAYS = 366


@dataclass(frozen=True, slots=True)
class Transaction:
    """A deposit, or a line of the statement, in one shape."""

    id: str
    kind: str
    state: str
    direction: str
    amount: Money
    balance_after: Money | None
    provider: str | None
    checkout_url: str | None
    source: str
    note: str
    created_at: datetime

    @classmethod
    def of_deposit(cls, deposit: Deposit) -> "Transaction":
        """A deposit, credited or not."""
        return cls(
            id=str(deposit.pk),
            kind=JournalKind.DEPOSIT.value,
            state=deposit.state,
            direction="in",
            amount=deposit.amount,
            balance_after=None,
            provider=deposit.provider,
            checkout_url=deposit.checkout_url or None,
            source=f"deposit:{deposit.pk}",
            note=deposit.note,
            created_at=deposit.created_at,
        )

    @classmethod
    def of_posting(cls, posting: Any) -> "Transaction":
        """A line of the statement, as `selectors.statement_of` annotates it."""
        return cls(
            id=str(posting.pk),
            kind=posting.journal.kind,
            state=POSTED,
            direction="in" if posting.is_incoming else "out",
            amount=Money(posting.amount, posting.currency),
            balance_after=Money(posting.balance_after, posting.currency),
            provider=None,
            checkout_url=None,
            source=posting.journal.source,
            note=posting.note,
            created_at=posting.journal.event_at,
        )


class WalletSerializer(serializers.Serializer[Any]):
    """Money in one currency. `available` + `held` is all there is; the others are sums since the beginning."""

    currency = fields.CharField(read_only=True)
    available = fields.MoneyField(read_only=True)
    held = fields.MoneyField(read_only=True)
    deposited = fields.MoneyField(read_only=True)
    spent = fields.MoneyField(read_only=True)


@extend_schema_serializer(many=False)
class WalletsSerializer(serializers.Serializer[Any]):
    """All of a customer's wallets."""

    wallets = WalletSerializer(many=True, read_only=True)


class DepositRequestSerializer(serializers.Serializer[Any]):
    """How much to bring in, and through whom."""

    amount = fields.MoneyField()
    provider = fields.ChoiceField(choices=PROVIDER_NAMES, required=False)
    note = fields.CharField(max_length=NOTE_LENGTH, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in what was left out."""
        return {"provider": settings.PAYMENT_PROVIDER, "note": "", **attrs}


class TransactionSerializer(serializers.Serializer[Any]):
    """Money that came in, went out, or is on its way."""

    id = fields.CharField(read_only=True)
    kind = fields.ChoiceField(choices=JournalKind.choices, read_only=True)
    state = fields.ChoiceField(choices=[*Deposit.State.choices, (POSTED, _("posted"))], read_only=True)
    direction = fields.ChoiceField(choices=["in", "out"], read_only=True)
    amount = fields.MoneyField(read_only=True)
    balance_after = fields.MoneyField(read_only=True, allow_null=True)
    provider = fields.CharField(read_only=True, allow_null=True)
    checkout_url = fields.CharField(read_only=True, allow_null=True)
    source = fields.CharField(read_only=True)  # type: ignore[assignment]  # a name DRF uses too
    note = fields.CharField(read_only=True)
    created_at = fields.DateTimeField(read_only=True)

    def to_representation(self, instance: Transaction | Deposit | Posting) -> dict[str, Any]:
        """Take deposits and statement lines alike."""
        if isinstance(instance, Deposit):
            instance = Transaction.of_deposit(instance)
        elif isinstance(instance, Posting):
            instance = Transaction.of_posting(instance)
        return super().to_representation(instance)


class TransactionChangeSerializer(serializers.Serializer[Any]):
    """One's own words, or calling a deposit off."""

    note = fields.CharField(max_length=NOTE_LENGTH, required=False, allow_blank=True)
    state = fields.ChoiceField(choices=[Deposit.State.CANCELLED.value], required=False)


class HoldSerializer(serializers.Serializer[Any]):
    """Money set aside."""

    id = fields.UUIDField(read_only=True)
    state = fields.ChoiceField(choices=Hold.State.choices, read_only=True)
    amount = fields.MoneyField(read_only=True)
    captured = fields.MoneyField(read_only=True)
    source = fields.CharField(read_only=True)  # type: ignore[assignment]  # a name DRF uses too
    expires_at = fields.DateTimeField(read_only=True)
    created_at = fields.DateTimeField(read_only=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The state by the clock, whether or not somebody has tidied up yet."""
        return super().to_representation(
            {
                "id": instance.pk,
                "state": Hold.State.EXPIRED.value if instance.is_lapsed else instance.state,
                "amount": Money(instance.amount, instance.currency),
                "captured": Money(instance.captured, instance.currency),
                "source": instance.source,
                "expires_at": instance.expires_at,
                "created_at": instance.created_at,
            }
        )


class PeriodSumSerializer(serializers.Serializer[Any]):
    """One week or month of one wallet."""

    starts_on = fields.DateField(read_only=True)
    currency = fields.CharField(read_only=True)
    deposited = fields.MoneyField(read_only=True)
    spent = fields.MoneyField(read_only=True)
    incoming = fields.MoneyField(read_only=True)
    outgoing = fields.MoneyField(read_only=True)


class SummaryQuerySerializer(serializers.Serializer[Any]):
    """What the sums are grouped by."""

    period = fields.ChoiceField(choices=[period.value for period in Period], default=Period.MONTH.value)


@extend_schema_serializer(many=False)
class SummarySerializer(serializers.Serializer[Any]):
    """The last twelve periods, newest first, zeros included."""

    period = fields.ChoiceField(choices=[period.value for period in Period], read_only=True)
    time_zone = fields.CharField(read_only=True)
    sums = PeriodSumSerializer(many=True, read_only=True)


class SettingsRowSerializer(serializers.Serializer[Any]):
    """One's own limits in one currency; null is no limit, no alert."""

    currency = fields.CharField(read_only=True)
    weekly_limit = fields.MoneyField(read_only=True, allow_null=True)
    low_balance_threshold = fields.MoneyField(read_only=True, allow_null=True)

    def to_representation(self, instance: WalletSettings) -> dict[str, Any]:
        """Amounts in the row's currency."""
        return super().to_representation(
            {
                "currency": instance.currency,
                "weekly_limit": _money(instance.weekly_limit_minor, instance.currency),
                "low_balance_threshold": _money(instance.low_balance_minor, instance.currency),
            }
        )


@extend_schema_serializer(many=False)
class SettingsSerializer(serializers.Serializer[Any]):
    """All of one's own limits."""

    settings = SettingsRowSerializer(many=True, read_only=True)


class SettingsChangeSerializer(serializers.Serializer[Any]):
    """What is to change; what is not named stays. The amounts' currency says which wallet is meant."""

    currency = fields.ChoiceField(choices=sorted(CURRENCIES), required=False)
    weekly_limit = fields.MoneyField(allow_zero=True, required=False, allow_null=True)
    low_balance_threshold = fields.MoneyField(allow_zero=True, required=False, allow_null=True)


class PayoutRequestSerializer(serializers.Serializer[Any]):
    """How much to send to which bank account."""

    default_error_messages = {
        "destination": _("Give the bank account: a CLABE of 18 digits for pesos, otherwise 4 to 34 of A-Z and 0-9."),
    }

    amount = fields.MoneyField()
    destination = fields.CharField(max_length=MAX_LENGTH, trim_whitespace=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A bank account of that currency."""
        if not is_destination(attrs["destination"], attrs["amount"].currency):
            message = self.error_messages["destination"]
            raise serializers.ValidationError({"destination": [message]}, code="invalid_destination")
        return attrs


class WithdrawalRequestSerializer(PayoutRequestSerializer):
    """The same with one's own words."""

    note = fields.CharField(max_length=NOTE_LENGTH, required=False, allow_blank=True)


class WithdrawalChangeSerializer(serializers.Serializer[Any]):
    """Calling it off."""

    state = fields.ChoiceField(choices=[Payout.State.CANCELLED.value])


class PayoutSerializer(serializers.Serializer[Any]):
    """Money on its way to a bank account, of which the last characters are shown."""

    id = fields.UUIDField(read_only=True)
    state = fields.ChoiceField(choices=Payout.State.choices, read_only=True)
    amount = fields.MoneyField(read_only=True)
    destination = fields.CharField(source="masked_destination", read_only=True)
    note = fields.CharField(read_only=True)
    failure = fields.CharField(read_only=True)
    created_at = fields.DateTimeField(read_only=True)
    settled_at = fields.DateTimeField(read_only=True, allow_null=True)


class StatementQuerySerializer(serializers.Serializer[Any]):
    """Which statement. Days are the platform's, both included; without them, the last thirty."""

    default_error_messages = {
        "period": _("Choose a period of at most %(most)s days that does not end before it begins."),
        "years": _("Choose days between 2000 and 2100."),
    }

    file = fields.ChoiceField(choices=FILES, default=FILES[0])
    since = fields.DateField(required=False)
    until = fields.DateField(required=False)
    currency = fields.ChoiceField(choices=sorted(CURRENCIES), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in what was left out; a bounded period."""
        until = attrs.get("until", self.context["today"])
        if any(not 2000 <= attrs[name].year <= 2100 for name in ("since", "until") if name in attrs):
            raise serializers.ValidationError({"since": [self.error_messages["years"]]}, code="invalid_period")
        since = attrs.get("since", until - timedelta(days=DAYS_SHOWN - 1))
        if not 0 <= (until - since).days < MAX_DAYS:
            message = self.error_messages["period"] % {"most": MAX_DAYS}
            raise serializers.ValidationError({"since": [message]}, code="invalid_period")
        return {"currency": settings.DEFAULT_CURRENCY, **attrs, "since": since, "until": until}


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
