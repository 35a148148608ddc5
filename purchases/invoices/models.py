"""Invoices: each store invoices its part of an order, and credits what goes back, in one series of its own."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from marketplace.core.money import Money
from purchases.orders.models import CallOff, Order, OrderPart, OrderReturn


class InvoiceSeries(models.Model):
    """A store's numbers, 1, 2, 3 … without a gap. Its row is the lock of who gives the next ones.

    The house sells nothing itself: the store is the seller, so the store is the issuer. Credit notes stand in the same
    series, after the invoices they are about.
    """

    id = models.BigAutoField(primary_key=True)
    store = models.OneToOneField("stores.Store", on_delete=models.PROTECT, related_name="+", verbose_name=_("store"))
    # Stays when the store's name changes: it is part of numbers that were given out.
    name = models.CharField(_("name"), max_length=160, unique=True)
    last_number = models.PositiveBigIntegerField(_("last number"), default=0)

    class Meta:
        app_label = "purchases"
        verbose_name = _("invoice series")
        verbose_name_plural = _("invoice series")

    def __str__(self) -> str:
        return self.name


class Invoice(UUIDModel):
    """An invoice of a store's part of an order, or a credit note. Without a number it is a wish: it gets one soon.

    `snapshot` is all that is printed but the buyer; amounts in it are minor units. A credit note is about a return,
    about units of a part that were called off, or about all that was left of a part when its order was.
    """

    class Kind(models.TextChoices):
        """Which of the two."""

        INVOICE = "invoice", _("invoice")
        CREDIT_NOTE = "credit_note", _("credit note")

    series = models.ForeignKey(
        InvoiceSeries, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("series")
    )
    number = models.PositiveBigIntegerField(_("number"), null=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("order"))
    part = models.ForeignKey(OrderPart, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("part"))
    order_return = models.ForeignKey(
        OrderReturn, on_delete=models.PROTECT, null=True, related_name="invoices", verbose_name=_("return")
    )
    call_off = models.ForeignKey(
        CallOff, on_delete=models.PROTECT, null=True, related_name="invoices", verbose_name=_("units called off")
    )
    total_minor = models.BigIntegerField(_("total (minor units)"))
    currency = models.CharField(_("currency"), max_length=3)
    snapshot = models.JSONField(_("what it says"))
    # Name and address, apart from the rest: emptied when the person is erased. The amounts stay, the law wants them.
    buyer = models.JSONField(_("buyer"), default=dict)
    issued_at = models.DateTimeField(_("issued at"), null=True)

    class Meta:
        app_label = "purchases"
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint(fields=["series", "number"], name="purchases_invoice_number_once"),
            models.UniqueConstraint(
                fields=["part"], condition=Q(kind="invoice"), name="purchases_invoice_once_per_part"
            ),
            models.UniqueConstraint(
                fields=["part"],
                condition=Q(kind="credit_note", order_return__isnull=True, call_off__isnull=True),
                name="purchases_credit_once_per_part",
            ),
            models.UniqueConstraint(
                fields=["part", "order_return"],
                condition=Q(kind="credit_note", order_return__isnull=False),
                name="purchases_credit_once_per_return",
            ),
            models.UniqueConstraint(
                fields=["call_off"],
                condition=Q(kind="credit_note", call_off__isnull=False),
                name="purchases_credit_once_per_call_off",
            ),
            models.CheckConstraint(
                condition=Q(number__isnull=True, issued_at__isnull=True) | Q(number__gte=1, issued_at__isnull=False),
                name="purchases_invoice_issued",
            ),
            models.CheckConstraint(
                condition=Q(total_minor__gte=0)
                & (Q(kind="credit_note") | Q(order_return__isnull=True, call_off__isnull=True))
                & (Q(order_return__isnull=True) | Q(call_off__isnull=True)),
                name="purchases_invoice_amounts",
            ),
        ]
        indexes = [
            models.Index(fields=["series"], condition=Q(number__isnull=True), name="purchases_invoice_waiting"),
        ]

    def __str__(self) -> str:
        return self.title or self.get_kind_display()

    @property
    def title(self) -> str:
        """Series and number; nothing while it has none. Reads the series."""
        return "" if self.number is None else f"{self.series.name}-{self.number:06d}"

    @property
    def total(self) -> Money:
        """What it comes to; of a credit note, what goes back."""
        return Money(self.total_minor, self.currency)
