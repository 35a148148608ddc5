"""The JSON of orders' payments and of stores' accounts."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from funds.ledger.models import JournalKind
from marketplace.core.http import fields
from marketplace.core.money import Money

from .models import OrderPayment


class OrderPaymentSerializer(serializers.Serializer[Any]):
    """A try to pay an order. `deposit` and `checkout_url` are where the provider's part is paid, if there is one."""

    id = fields.UUIDField(read_only=True)
    order = fields.UUIDField(read_only=True)
    state = fields.ChoiceField(choices=OrderPayment.State.choices, read_only=True)
    total = fields.MoneyField(read_only=True)
    from_wallet = fields.MoneyField(read_only=True)
    provider = fields.CharField(read_only=True, allow_null=True)
    deposit = fields.UUIDField(read_only=True, allow_null=True)
    checkout_url = fields.CharField(read_only=True, allow_null=True)
    expires_at = fields.DateTimeField(read_only=True, allow_null=True)
    paid_at = fields.DateTimeField(read_only=True, allow_null=True)
    created_at = fields.DateTimeField(read_only=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The state by the clock, whether or not somebody has tidied up yet."""
        return super().to_representation(
            {
                "id": instance.pk,
                "order": instance.order_id,
                "state": OrderPayment.State.EXPIRED.value if instance.is_lapsed else instance.state,
                "total": instance.total,
                "from_wallet": instance.from_wallet,
                "provider": instance.provider or None,
                "deposit": instance.deposit_id,
                "checkout_url": (instance.deposit.checkout_url if instance.deposit else "") or None,
                "expires_at": instance.expires_at,
                "paid_at": instance.paid_at,
                "created_at": instance.created_at,
            }
        )


class StoreBalanceSerializer(serializers.Serializer[Any]):
    """A store's money in one currency."""

    currency = fields.CharField(read_only=True)
    payable = fields.MoneyField(read_only=True)
    reserved = fields.MoneyField(read_only=True)
    paid_out = fields.MoneyField(read_only=True)


@extend_schema_serializer(many=False)
class StoreBalancesSerializer(serializers.Serializer[Any]):
    """All of a store's money."""

    store = fields.UUIDField(read_only=True)
    balances = StoreBalanceSerializer(many=True, read_only=True)


class StoreEntrySerializer(serializers.Serializer[Any]):
    """A movement of what the store may be paid."""

    id = fields.CharField(read_only=True)
    kind = fields.ChoiceField(choices=JournalKind.choices, read_only=True)
    direction = fields.ChoiceField(choices=["in", "out"], read_only=True)
    amount = fields.MoneyField(read_only=True)
    source = fields.CharField(read_only=True)  # type: ignore[assignment]  # a name DRF uses too
    created_at = fields.DateTimeField(read_only=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """A posting, as `selectors.store_statement` annotates it."""
        return super().to_representation(
            {
                "id": str(instance.pk),
                "kind": instance.journal.kind,
                "direction": "in" if instance.is_incoming else "out",
                "amount": Money(instance.amount, instance.currency),
                "source": instance.journal.source,
                "created_at": instance.journal.event_at,
            }
        )
