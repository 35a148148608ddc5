"""Reading the books."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, Count, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from marketplace.core.clock import db_now
from marketplace.core.money import Money

from .models import Account, AccountDelta, AccountKind, Hold, OwnerKind
from .terms import AccountKey


@dataclass(frozen=True, slots=True)
class TrialBalanceLine:
    """All accounts of one kind in one currency. The lines of a currency sum to zero."""

    currency: str
    kind: str
    accounts: int
    balance: Money

    @property
    def kind_label(self) -> str:
        """The kind in the reader's language."""
        return str(AccountKind(self.kind).label)


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """The books on one page."""

    lines: tuple[TrialBalanceLine, ...]

    @property
    def imbalance(self) -> dict[str, Money]:
        """What is left over, by currency: zero each, or something is broken."""
        totals: dict[str, Money] = {}
        for line in self.lines:
            totals[line.currency] = totals.get(line.currency, Money.zero(line.currency)) + line.balance
        return totals

    @property
    def is_balanced(self) -> bool:
        """Whether every currency sums to zero."""
        return not any(self.imbalance.values())


def trial_balance() -> TrialBalance:
    """Balances by currency and kind.

    One statement: what is posted or rolled up between two would show on one side only, as if the books were broken.
    Accounts and what waits beside them are added up each by itself: nothing is looked up account by account.
    """
    posted = Account.objects.values_list("currency", "kind").annotate(total=Sum("posted"), accounts=Count("pk"))
    waiting = AccountDelta.objects.values_list("account__currency", "account__kind").annotate(
        total=Sum("amount"), accounts=Value(0)
    )
    totals: dict[tuple[str, str], tuple[int, int]] = {}
    for currency, kind, total, accounts in posted.order_by().union(waiting.order_by(), all=True):
        amount, count = totals.get((currency, kind), (0, 0))
        totals[currency, kind] = amount + int(total), count + accounts
    return TrialBalance(
        tuple(
            TrialBalanceLine(currency, kind, accounts, Money(total, currency))
            for (currency, kind), (total, accounts) in sorted(totals.items())
        )
    )


def balance_of(key: AccountKey) -> Money:
    """What the account holds, deltas not rolled up included; zero for one that never opened."""
    row = (
        with_balance(Account.objects.all())
        .filter(owner_kind=key.owner_kind, owner_id=key.owner_id, kind=key.kind, currency=key.currency)
        .values_list("balance", flat=True)
        .first()
    )
    return Money(row or 0, key.currency)


def with_balance(accounts: "QuerySet[Account]") -> "QuerySet[Any]":
    """Annotate `balance`: `posted` and the deltas that wait to be rolled up."""
    waiting = AccountDelta.objects.filter(account=OuterRef("pk")).values("account").annotate(total=Sum("amount"))
    return accounts.annotate(balance=F("posted") + _or_zero(waiting.values("total")))


def wallets_of_owners(owners: Iterable[UUID]) -> "QuerySet[Any]":
    """The wallets of these customers with `lapsed`: what is still held although its time has passed."""
    lapsed = (
        Hold.objects.filter(payer=OuterRef("pk"), state=Hold.State.ACTIVE, expires_at__lte=db_now())
        .values("payer")
        .annotate(total=Sum(F("amount") - F("captured")))
    )
    return Account.objects.filter(
        owner_kind=OwnerKind.CUSTOMER, owner_id__in=list(owners), kind=AccountKind.WALLET
    ).annotate(lapsed=_or_zero(lapsed.values("total")))


def has_money(owner_id: UUID) -> bool:
    """Whether any account of the customer holds or owes something, deltas not rolled up included.

    What is set aside is part of the balance (`funds_account_floor`), so money on hold is money too.
    """
    mine = Account.objects.filter(owner_kind=OwnerKind.CUSTOMER, owner_id=owner_id)
    return with_balance(mine).exclude(balance=0).exists()


def _or_zero(rows: "QuerySet[Any, Any]") -> Coalesce:
    return Coalesce(Subquery(rows, output_field=BigIntegerField()), Value(0), output_field=BigIntegerField())
