"""The JSON of the wallet routes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from funds.ledger.models import Hold, JournalKind, Posting
from funds.payments.models import Deposit
from funds.payments.providers import PROVIDER_NAMES
from marketplace.core.http import fields
from marketplace.core.money import Money

from .selectors import Period

POSTED = "posted"
NOTE_LENGTH = 200


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
