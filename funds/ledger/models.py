"""The books: accounts, journals, postings, holds. Amounts are integer minor units of the row's currency.

A credit raises an account's `posted`, a debit lowers it, so the sum over all accounts is always zero. Foreign keys
inside the books carry no database constraint: the check would lock the hot house accounts on each insert. The
engines look accounts up before they write, rows are never deleted, and `verify_ledger --full` looks for orphans.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from marketplace.core.ids import NIL
from marketplace.core.money import Money


class OwnerKind(models.TextChoices):
    """Whose account it is."""

    HOUSE = "house", _("house")
    CUSTOMER = "customer", _("customer")
    STORE = "store", _("store")
    PROVIDER = "provider", _("payment provider")
    POT = "pot", _("pot")


class AccountKind(models.TextChoices):
    """What the account is for."""

    WALLET = "wallet", _("wallet")
    POT = "pot", _("pot")
    ESCROW = "escrow", _("order escrow")
    PAYABLE = "payable", _("store payable")
    PAYOUT = "payout", _("store payout reserve")
    CLEARING = "clearing", _("provider clearing")
    COMMISSION = "commission", _("commission")
    TAX = "tax", _("tax")
    FEES = "fees", _("provider fees")
    PROMOTIONS = "promotions", _("promotions expense")
    LOYALTY = "loyalty", _("loyalty liability")
    RECEIVABLE = "receivable", _("receivable")
    EQUITY = "equity", _("house equity")
    OUTSIDE = "outside", _("purchases in other shops")


class Tally(models.TextChoices):
    """Which running total of a wallet a journal moves, besides its balance.

    Deposits count on the side that receives, spends on the side that pays; the `…_back` ones undo them.
    """

    NONE = "none", _("none")
    DEPOSITED = "deposited", _("deposited")
    DEPOSIT_BACK = "deposit_back", _("deposit returned")
    SPENT = "spent", _("spent")
    SPENT_BACK = "spent_back", _("spend returned")


class JournalKind(models.TextChoices):
    """What happened."""

    DEPOSIT = "deposit", _("deposit")
    ORDER_PAYMENT = "order_payment", _("order payment")
    ORDER_SETTLEMENT = "order_settlement", _("order settlement")
    ORDER_REFUND = "order_refund", _("order refund")
    CAPTURE = "capture", _("capture of a hold")
    TRANSFER = "transfer", _("transfer")
    REVERSAL = "reversal", _("reversal")
    PROVIDER_FEE = "provider_fee", _("provider's fee")
    DEPOSIT_REFUND = "deposit_refund", _("refund of a deposit")
    CHARGE_BACK = "charge_back", _("charge-back")
    WITHDRAWAL = "withdrawal", _("withdrawal")
    STORE_PAYOUT = "store_payout", _("payout to a store")
    RESERVE = "reserve", _("set aside for a payout")
    RECOVERY = "recovery", _("recovery of a debt")
    ADJUSTMENT = "adjustment", _("adjustment")
    CONTRIBUTION = "contribution", _("contribution to a gift")
    POT_PAYOUT = "pot_payout", _("payment out of a gift pot")
    POT_RETURN = "pot_return", _("return to a gift pot or its contributors")
    REWARD = "reward", _("loyalty reward")


class Account(models.Model):
    """Money of one owner for one purpose in one currency.

    Strict accounts (customers) are kept up to date row by row and can never go below zero, what is held counted as
    gone. Lazy ones (house, providers, busy merchants) collect `AccountDelta` rows, are never locked by a transfer,
    and have the balance `posted` + the sum of their deltas.
    """

    id = models.BigAutoField(primary_key=True)
    owner_kind = models.CharField(_("owner kind"), max_length=8, choices=OwnerKind.choices)
    owner_id = models.UUIDField(_("owner"), default=NIL)
    kind = models.CharField(_("kind"), max_length=12, choices=AccountKind.choices)
    currency = models.CharField(_("currency"), max_length=3)
    is_strict = models.BooleanField(_("strict"))
    posted = models.BigIntegerField(_("posted (minor units)"), default=0)
    held = models.BigIntegerField(_("held (minor units)"), default=0)
    # Running totals of a wallet, moved in the same statement as `posted`; net of what was given back.
    deposited = models.BigIntegerField(_("deposited (minor units)"), default=0)
    spent = models.BigIntegerField(_("spent (minor units)"), default=0)
    created_at = models.DateTimeField(_("opened at"), auto_now_add=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(fields=["owner_kind", "owner_id", "kind", "currency"], name="funds_account_once"),
            models.CheckConstraint(condition=Q(held__gte=0), name="funds_account_held"),
            models.CheckConstraint(condition=Q(is_strict=False) | Q(posted__gte=F("held")), name="funds_account_floor"),
            models.CheckConstraint(condition=Q(is_strict=True) | Q(held=0), name="funds_account_lazy_unheld"),
        ]

    def __str__(self) -> str:
        return f"{self.owner_kind} {self.kind} {self.currency} #{self.pk}"


class AccountDelta(models.Model):
    """A change of a lazy account that is not rolled up yet. Consumed by DELETE … RETURNING, never by a watermark."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="deltas", db_constraint=False, db_index=False
    )
    amount = models.BigIntegerField()

    class Meta:
        app_label = "funds"
        indexes = [models.Index(fields=["account", "id"], name="funds_delta_account")]

    def __str__(self) -> str:
        return f"{self.amount} on {self.account_id}"


class Hold(UUIDModel):
    """Money of `payer` set aside for `payee`: captured once or in parts, released, or expired by the database's clock.

    Its rows change only under the payer's account lock.
    """

    class State(models.TextChoices):
        """Active until everything is captured or the rest is freed."""

        ACTIVE = "active", _("active")
        CAPTURED = "captured", _("captured")
        RELEASED = "released", _("released")
        EXPIRED = "expired", _("expired")

    scope = models.CharField(_("scope"), max_length=40)
    idem_key = models.CharField(_("key"), max_length=120)
    fingerprint = models.CharField(max_length=32, editable=False)
    payer = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="holds",
        db_constraint=False,
        db_index=False,
        verbose_name=_("payer"),
    )
    payee = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("payee"),
    )
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.BigIntegerField(_("amount (minor units)"))
    captured = models.BigIntegerField(_("captured (minor units)"), default=0)
    refunded = models.BigIntegerField(_("refunded (minor units)"), default=0)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ACTIVE)
    source = models.CharField(_("source"), max_length=80, blank=True)
    expires_at = models.DateTimeField(_("expires at"))

    class Meta:
        app_label = "funds"
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.UniqueConstraint(fields=["scope", "idem_key"], name="funds_hold_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="funds_hold_amount"),
            models.CheckConstraint(condition=Q(captured__gte=0, captured__lte=F("amount")), name="funds_hold_captured"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("captured")), name="funds_hold_refunded"
            ),
        ]
        indexes = [
            models.Index(fields=["payer", "expires_at"], condition=Q(state="active"), name="funds_hold_active"),
            models.Index(fields=["expires_at"], condition=Q(state="active"), name="funds_hold_lapse"),
            models.Index(fields=["payer", "id"], name="funds_hold_of_payer"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {Money(self.amount, self.currency)}"


class Journal(models.Model):
    """One happening: the postings that belong together, under a business key that can be used once. Append-only.

    `fingerprint` is a hash of what was asked for, so that the same key with other content is refused.
    """

    id = models.BigAutoField(primary_key=True)
    scope = models.CharField(_("scope"), max_length=40)
    idem_key = models.CharField(_("key"), max_length=120)
    fingerprint = models.CharField(max_length=32, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=JournalKind.choices)
    tally = models.CharField(_("counts as"), max_length=12, choices=Tally.choices, default=Tally.NONE)
    source = models.CharField(_("source"), max_length=80, blank=True)
    hold = models.ForeignKey(
        Hold,
        on_delete=models.PROTECT,
        null=True,
        related_name="journals",
        db_constraint=False,
        db_index=False,
        verbose_name=_("hold"),
    )
    reverses = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="reversed_by",
        db_constraint=False,
        db_index=False,
        verbose_name=_("reverses"),
    )
    event_at = models.DateTimeField(_("happened at"))
    created_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("journal")
        verbose_name_plural = _("journals")
        constraints = [
            models.UniqueConstraint(fields=["scope", "idem_key"], name="funds_journal_once"),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="funds_journal_reversed_once"
            ),
        ]
        indexes = [models.Index(fields=["hold"], condition=Q(hold__isnull=False), name="funds_journal_of_hold")]

    def __str__(self) -> str:
        return f"{self.kind} {self.scope} {self.idem_key}"


class Posting(models.Model):
    """One debit and one credit of the same amount: what does not balance cannot be written down. Append-only.

    `…_after` is the account's `posted` after this row; null for a lazy account.
    """

    id = models.BigAutoField(primary_key=True)
    journal = models.ForeignKey(
        Journal, on_delete=models.PROTECT, related_name="postings", db_constraint=False, verbose_name=_("journal")
    )
    debit = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("debit"),
    )
    credit = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("credit"),
    )
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.BigIntegerField(_("amount (minor units)"))
    debit_after = models.BigIntegerField(null=True)
    credit_after = models.BigIntegerField(null=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="funds_posting_amount"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="funds_posting_two_sides"),
        ]
        indexes = [
            models.Index(fields=["debit", "id"], name="funds_posting_debit"),
            models.Index(fields=["credit", "id"], name="funds_posting_credit"),
        ]

    def __str__(self) -> str:
        return f"{self.debit_id} → {self.credit_id}: {Money(self.amount, self.currency)}"
