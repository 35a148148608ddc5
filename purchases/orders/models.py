"""Orders: what was bought, from whom, for how much, and everything that happened since."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from marketplace.core.money import Money


class Order(UUIDModel):
    """An order of one customer in one currency. Money and names are snapshots: later changes do not touch it."""

    class State(models.TextChoices):
        """The main road is placed, paid, packed, shipped, delivered, closed."""

        PLACED = "placed", _("placed")
        PAID = "paid", _("paid")
        PACKED = "packed", _("packed")
        SHIPPED = "shipped", _("shipped")
        DELIVERED = "delivered", _("delivered")
        CLOSED = "closed", _("closed")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")
        PARTLY_RETURNED = "partly_returned", _("partly returned")
        RETURNED = "returned", _("returned")

    class Source(models.TextChoices):
        """Which door it came through."""

        FLASH = "flash", _("flash promotion")
        CHECKOUT = "checkout", _("checkout")
        AUTOBUY = "autobuy", _("automatic purchase")
        IMPORT = "import", _("import")

    number = models.CharField(_("number"), max_length=16, unique=True)
    customer = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    # What made it: the reservation, cart or import row; one order each.
    source_key = models.CharField(max_length=80)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PLACED)
    currency = models.CharField(_("currency"), max_length=3)
    total_minor = models.BigIntegerField(_("total (minor units)"))
    placed_at = models.DateTimeField(_("placed at"))

    class Meta:
        app_label = "purchases"
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=["source", "source_key"], name="purchases_order_per_source"),
            models.CheckConstraint(condition=Q(total_minor__gte=0), name="purchases_order_total"),
        ]
        indexes = [models.Index(fields=["customer", "-placed_at"], name="purchases_order_history")]

    def __str__(self) -> str:
        return self.number

    @property
    def total(self) -> Money:
        """What the customer pays."""
        return Money(self.total_minor, self.currency)


class OrderPart(UUIDModel):
    """One store's share of an order; its shipments, refunds and payable hang here."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="parts")
    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="+")
    total_minor = models.BigIntegerField()
    # Snapshot of the terms the store sold under.
    commission_bp = models.PositiveIntegerField()

    class Meta:
        app_label = "purchases"
        constraints = [models.UniqueConstraint(fields=["order", "store"], name="purchases_part_per_store")]

    def __str__(self) -> str:
        return f"{self.order_id} / {self.store_id}"


class OrderLine(UUIDModel):
    """A variant in an order, with everything needed to print it years later."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    part = models.ForeignKey(OrderPart, on_delete=models.PROTECT, related_name="lines")
    variant = models.ForeignKey("stores.Variant", on_delete=models.PROTECT, related_name="+")
    sku = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField()
    list_price_minor = models.BigIntegerField()
    unit_price_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    tax_bp = models.PositiveIntegerField()
    tax_minor = models.BigIntegerField()
    # Each benefit: {"rule": id, "kind": "flash", "version": n, "amount_minor": saved}.
    applied_benefits = models.JSONField(default=list)

    class Meta:
        app_label = "purchases"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="purchases_line_quantity"),
            models.CheckConstraint(
                condition=Q(total_minor__gte=0, tax_minor__gte=0, tax_minor__lte=F("total_minor")),
                name="purchases_line_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"


class OrderEvent(models.Model):
    """The order's history: one row per transition. Append-only."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="history")
    from_state = models.CharField(max_length=16, blank=True)
    to_state = models.CharField(max_length=16)
    actor_id = models.UUIDField(null=True)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        app_label = "purchases"

    def __str__(self) -> str:
        return f"{self.order_id}: {self.from_state} → {self.to_state}"
