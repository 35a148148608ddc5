"""What the context keeps about a person, for `core.personal_data`: the person's side of the books."""

from typing import Final

from marketplace.core.personal_data import Table

from .ledger.models import OwnerKind
from .models import (
    Account,
    Decision,
    Deposit,
    Hold,
    OrderMoney,
    OrderPayment,
    OrderRefund,
    Payout,
    Posting,
    ProviderPayment,
    Refund,
    StatementNote,
    WalletSettings,
)

TABLES: Final = (
    Table(
        "wallets",
        Account,
        ("owner_id",),
        ("id", "kind", "currency", "posted", "held", "deposited", "spent", "created_at"),
        {"owner_kind": OwnerKind.CUSTOMER},
    ),
    Table(
        "movements",
        Posting,
        ("debit__owner_id", "credit__owner_id"),
        (
            *("id", "journal_id", "journal__kind", "journal__source", "journal__event_at", "currency", "amount"),
            *("debit__kind", "credit__kind"),
        ),
    ),
    Table(
        "holds",
        Hold,
        ("payer__owner_id",),
        ("id", "scope", "source", "currency", "amount", "captured", "refunded", "state", "expires_at", "created_at"),
    ),
    Table(
        "deposits",
        Deposit,
        ("customer_id",),
        ("id", "provider", "currency", "amount_minor", "order_id", "state", "created_at", "credited_at"),
    ),
    Table(
        "provider_payments",
        ProviderPayment,
        ("deposit__customer_id",),
        ("provider", "payment_id", "deposit_id", "currency", "amount_minor", "state", "created_at"),
    ),
    Table(
        "refunds_to_the_provider",
        Refund,
        ("payment__deposit__customer_id",),
        ("id", "payment__payment_id", "currency", "amount_minor", "state", "reason", "created_at", "settled_at"),
    ),
    Table(
        "payouts",
        Payout,
        ("owner_id",),
        ("id", "provider", "currency", "amount_minor", "destination", "state", "created_at", "settled_at"),
        {"owner_kind": OwnerKind.CUSTOMER},
    ),
    Table(
        "order_payments",
        OrderPayment,
        ("customer_id",),
        ("order_id", "currency", "total_minor", "wallet_minor", "provider", "state", "created_at", "paid_at"),
    ),
    Table("order_money", OrderMoney, ("customer_id",), ("order_id", "currency", "paid_minor", "refunded_minor")),
    Table("order_refunds", OrderRefund, ("order__customer_id",), ("order_id", "amount_minor", "reason", "at")),
    Table("notes", StatementNote, ("customer_id",), ("posting_id", "text")),
    Table("settings", WalletSettings, ("customer_id",), ("currency", "weekly_limit_minor", "low_balance_minor")),
    Table(
        "decisions",
        Decision,
        ("customer_id",),
        ("kind", "currency", "amount_minor", "state", "created_at", "decided_at"),
    ),
)
UNTOLD: Final = {
    "funds.AccountDelta": "consumed within seconds; the wallet counts it",
    "funds.Journal": "told with its movements",
    "funds.PartMoney": "how an order's money is shared out is the stores' and the house's",
    "funds.PaymentEvent": "told with its movements",
    "funds.PaymentTask": "machinery: what is still to be done, not what is known",
    "funds.ReconciliationFinding": "machinery: differences between two books",
}
