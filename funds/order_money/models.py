"""Orders' money: what was paid for each store's part, what became of it, and each try to pay."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from funds.ledger.models import Hold, Journal
from funds.payments.models import Deposit
from marketplace.core.base import UUIDModel
from marketplace.core.money import Money


class OrderMoney(models.Model):
    """What an order brought into escrow and what of it went back. Its row is the lock of the order's money.

    Written when the money is first asked about again: at delivery, at a refund, or at once where a hold paid.
    """

    order_id = models.UUIDField(_("order"), primary_key=True)
    customer_id = models.UUIDField(_("customer"))
    currency = models.CharField(_("currency"), max_length=3)
    paid_minor = models.BigIntegerField(_("paid (minor units)"))
    refunded_minor = models.BigIntegerField(_("refunded (minor units)"), default=0)
    journal = models.ForeignKey(
        Journal,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("journal"),
    )
    hold = models.ForeignKey(
        Hold,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("paid from the hold"),
    )

    class Meta:
        app_label = "funds"
        verbose_name = _("order's money")
        verbose_name_plural = _("orders' money")
        constraints = [
            models.CheckConstraint(
                condition=Q(refunded_minor__gte=0, refunded_minor__lte=F("paid_minor")), name="funds_order_refunded"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.paid} of {self.order_id}"

    @property
    def paid(self) -> Money:
        """All that came into escrow."""
        return Money(self.paid_minor, self.currency)

    @property
    def refundable(self) -> Money:
        """All that could still go back."""
        return Money(self.paid_minor - self.refunded_minor, self.currency)


class PartMoney(models.Model):
    """One store's part of an order. Until it is settled the money is in escrow; then it is shared out.

    Shares are net of what went back since, so that of a settled part nothing can be lost: shares and refunds are its
    total, and a constraint says so.
    """

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(OrderMoney, on_delete=models.PROTECT, related_name="parts", verbose_name=_("order"))
    store_id = models.UUIDField(_("store"))
    total_minor = models.BigIntegerField(_("total (minor units)"))
    refunded_minor = models.BigIntegerField(_("refunded (minor units)"), default=0)
    payable_minor = models.BigIntegerField(_("store's share (minor units)"), default=0)
    commission_minor = models.BigIntegerField(_("commission (minor units)"), default=0)
    tax_minor = models.BigIntegerField(_("tax (minor units)"), default=0)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    journal = models.ForeignKey(
        Journal,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("journal"),
    )

    class Meta:
        app_label = "funds"
        verbose_name = _("money of an order's part")
        verbose_name_plural = _("money of orders' parts")
        constraints = [
            models.UniqueConstraint(fields=["order", "store_id"], name="funds_part_once"),
            models.CheckConstraint(
                condition=Q(refunded_minor__gte=0, refunded_minor__lte=F("total_minor")), name="funds_part_refunded"
            ),
            models.CheckConstraint(
                condition=Q(payable_minor__gte=0, commission_minor__gte=0, tax_minor__gte=0), name="funds_part_shares"
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, payable_minor=0, commission_minor=0, tax_minor=0)
                | Q(
                    settled_at__isnull=False,
                    total_minor=F("refunded_minor") + F("payable_minor") + F("commission_minor") + F("tax_minor"),
                ),
                name="funds_part_nothing_lost",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} / {self.store_id}"

    @property
    def shares(self) -> tuple[int, int, int]:
        """Of the store, of the house, of the tax office: what each has of it now."""
        return self.payable_minor, self.commission_minor, self.tax_minor


class OrderRefund(UUIDModel):
    """Money of an order that went back into the wallet, why, and the journal that moved it."""

    order = models.ForeignKey(OrderMoney, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("order"))
    key = models.CharField(_("key"), max_length=80)
    fingerprint = models.CharField(max_length=32, editable=False)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    reason = models.CharField(_("reason"), max_length=200)
    journal = models.ForeignKey(
        Journal,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("journal"),
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        app_label = "funds"
        verbose_name = _("order refund")
        verbose_name_plural = _("order refunds")
        constraints = [
            models.UniqueConstraint(fields=["order", "key"], name="funds_order_refund_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="funds_order_refund_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} of {self.order_id}"


class OrderPayment(UUIDModel):
    """One try to pay an order: from the wallet, through a provider, or partly each.

    What the provider brings goes through the wallet, so that it is the customer's whatever becomes of the order. A
    payment that waits is over when its moment has passed; nobody needs to tell it.
    """

    class State(models.TextChoices):
        """Awaiting the provider's part, then paid or over."""

        AWAITING = "awaiting", _("awaiting payment")
        PAID = "paid", _("paid")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("expired")
        CANCELLED = "cancelled", _("cancelled")
        PARTLY_REFUNDED = "partly_refunded", _("partly refunded")
        REFUNDED = "refunded", _("refunded")

    LIVE_STATES = (State.AWAITING, State.PAID, State.PARTLY_REFUNDED, State.REFUNDED)

    order_id = models.UUIDField(_("order"))
    customer = models.ForeignKey(
        "users.User", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("customer")
    )
    currency = models.CharField(_("currency"), max_length=3)
    total_minor = models.BigIntegerField(_("total (minor units)"))
    wallet_minor = models.BigIntegerField(_("from the wallet (minor units)"))
    provider = models.CharField(_("provider"), max_length=20, blank=True)
    deposit = models.OneToOneField(
        Deposit, on_delete=models.PROTECT, null=True, related_name="order_payment", verbose_name=_("deposit")
    )
    hold = models.ForeignKey(
        Hold,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("hold"),
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.AWAITING)
    expires_at = models.DateTimeField(_("can be paid until"), null=True)
    paid_at = models.DateTimeField(_("paid at"), null=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("order payment")
        verbose_name_plural = _("order payments")
        constraints = [
            models.UniqueConstraint(
                fields=["order_id"],
                condition=Q(state__in=["awaiting", "paid", "partly_refunded", "refunded"]),
                name="funds_order_payment_live",
            ),
            models.CheckConstraint(
                condition=Q(wallet_minor__gte=0, wallet_minor__lte=F("total_minor")), name="funds_order_payment_split"
            ),
            models.CheckConstraint(
                condition=Q(wallet_minor=F("total_minor"), deposit__isnull=True)
                | Q(wallet_minor__lt=F("total_minor"), deposit__isnull=False, expires_at__isnull=False),
                name="funds_order_payment_deposit",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["paid", "partly_refunded", "refunded"]) | Q(paid_at__isnull=False),
                name="funds_order_payment_paid_at",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "id"], name="funds_order_payment_of"),
            models.Index(fields=["expires_at"], condition=Q(state="awaiting"), name="funds_order_payment_lapse"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.total}"

    @property
    def total(self) -> Money:
        """What the order costs."""
        return Money(self.total_minor, self.currency)

    @property
    def from_wallet(self) -> Money:
        """What the wallet gives without a deposit."""
        return Money(self.wallet_minor, self.currency)
