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
    # Goods at list prices, what promotions took off them, what sending costs; together the total.
    list_total_minor = models.BigIntegerField(_("list total (minor units)"))
    discount_minor = models.BigIntegerField(_("discount (minor units)"), default=0)
    shipping_minor = models.BigIntegerField(_("shipping (minor units)"), default=0)
    total_minor = models.BigIntegerField(_("total (minor units)"))
    # Benefits of the whole order, as those of a line; and what did not apply, to which of the lines by their places:
    # [{"rule", "kind", "code", "params", "lines"}].
    applied_benefits = models.JSONField(_("applied benefits"), default=list)
    rejected_promotions = models.JSONField(_("rejected promotions"), default=list)
    coupons = models.JSONField(_("coupons"), default=list)
    # How loyalty points count for it, in hundredths of a percent: 10,000 once.
    points_bp = models.PositiveIntegerField(
        _("points multiplier (hundredths of a percent)"), default=10_000, db_default=10_000
    )
    # A snapshot of the address book's entry; emptied when the person is erased.
    shipping_address = models.JSONField(_("shipping address"), default=dict)
    # An order that waits for its money is over at this moment of the database's clock.
    expires_at = models.DateTimeField(_("to be paid until"), null=True)
    placed_at = models.DateTimeField(_("placed at"))

    class Meta:
        app_label = "purchases"
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=["source", "source_key"], name="purchases_order_per_source"),
            models.CheckConstraint(condition=Q(total_minor__gte=0), name="purchases_order_total"),
            models.CheckConstraint(
                condition=Q(
                    total_minor=F("list_total_minor") - F("discount_minor") + F("shipping_minor"),
                    discount_minor__gte=0,
                    shipping_minor__gte=0,
                ),
                name="purchases_order_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-placed_at"], name="purchases_order_history"),
            models.Index(
                fields=["expires_at"],
                condition=Q(state="placed", expires_at__isnull=False),
                name="purchases_order_to_expire",
            ),
            models.Index(fields=["placed_at"], condition=Q(state="paid"), name="purchases_order_to_pack"),
            # What was sold on a day.
            models.Index(fields=["placed_at"], name="purchases_orders_of_day"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def total(self) -> Money:
        """What the customer pays."""
        return Money(self.total_minor, self.currency)


class OrderPart(UUIDModel):
    """One store's share of an order; its shipments, refunds and payable hang here."""

    order = models.ForeignKey(Order, verbose_name=_("order"), on_delete=models.PROTECT, related_name="parts")
    store = models.ForeignKey("stores.Store", verbose_name=_("store"), on_delete=models.PROTECT, related_name="+")
    # Its lines and its shipping.
    total_minor = models.BigIntegerField(_("total (minor units)"))
    shipping_minor = models.BigIntegerField(_("shipping (minor units)"), default=0)
    shipping_name = models.CharField(_("shipping name"), max_length=80, blank=True)
    # What of the shipping went back because nothing of the part is sent.
    shipping_refunded_minor = models.BigIntegerField(_("shipping paid back (minor units)"), default=0, db_default=0)
    # Snapshot of the terms the store sold under.
    commission_bp = models.PositiveIntegerField(_("commission (hundredths of a percent)"))
    # Since when something of it is on its way or has arrived; null again when all of that was lost.
    shipped_at = models.DateTimeField(_("shipped at"), null=True)
    # When the last of it arrived: its money is shared out then.
    delivered_at = models.DateTimeField(_("delivered at"), null=True)

    class Meta:
        app_label = "purchases"
        verbose_name = _("part of an order")
        verbose_name_plural = _("parts of orders")
        constraints = [
            models.UniqueConstraint(fields=["order", "store"], name="purchases_part_per_store"),
            models.CheckConstraint(
                condition=Q(shipping_refunded_minor__gte=0, shipping_refunded_minor__lte=F("shipping_minor")),
                name="purchases_part_shipping_refunded",
            ),
        ]

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
    # Each benefit: {"rule": id, "kind": "flash", "version": n, "name", "amount_minor": saved}.
    applied_benefits = models.JSONField(default=list)
    # Units that came back or were never sent, and the money that went back with them.
    returned_quantity = models.PositiveIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    # Of those, units that were never sent: called off after the order was paid.
    called_off_quantity = models.PositiveIntegerField(default=0, db_default=0)
    # Units that were lost on the way and for which no others were taken from the shelf (yet).
    lost_quantity = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "purchases"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="purchases_line_quantity"),
            models.CheckConstraint(condition=Q(lost_quantity__lte=F("quantity")), name="purchases_line_lost"),
            models.CheckConstraint(
                condition=Q(total_minor__gte=0, tax_minor__gte=0, tax_minor__lte=F("total_minor")),
                name="purchases_line_amounts",
            ),
            models.CheckConstraint(
                condition=Q(
                    returned_quantity__lte=F("quantity"), refunded_minor__gte=0, refunded_minor__lte=F("total_minor")
                ),
                name="purchases_line_returned",
            ),
            models.CheckConstraint(
                condition=Q(called_off_quantity__lte=F("returned_quantity")), name="purchases_line_called_off"
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


class OrderReturn(UUIDModel):
    """Goods on their way back. requested → approved → received, or refused; the money follows what was received."""

    class State(models.TextChoices):
        """Where it stands."""

        REQUESTED = "requested", _("requested")
        APPROVED = "approved", _("approved")
        RECEIVED = "received", _("received")
        REFUSED = "refused", _("refused")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="returns", verbose_name=_("order"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.REQUESTED)
    reason = models.CharField(_("reason"), max_length=500)
    # What staff say about it, to the customer.
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    refund_minor = models.BigIntegerField(_("refund (minor units)"), default=0)
    decided_by_id = models.UUIDField(_("decided by"), null=True)
    received_at = models.DateTimeField(_("received at"), null=True)

    class Meta:
        app_label = "purchases"
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        constraints = [
            models.CheckConstraint(condition=Q(refund_minor__gte=0), name="purchases_return_refund"),
            models.CheckConstraint(
                condition=~Q(state="received") | Q(received_at__isnull=False), name="purchases_return_received_at"
            ),
        ]
        indexes = [models.Index(fields=["state", "id"], name="purchases_return_queue")]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.reason}"

    @property
    def refund(self) -> Money:
        """What went back for it, in the order's currency."""
        return Money(self.refund_minor, self.order.currency)


class ReturnLine(models.Model):
    """How many units of a line come back, and what becomes of them."""

    class Fate(models.TextChoices):
        """Back on the shelf, or gone."""

        RESTOCK = "restock", _("back on the shelf")
        WRITE_OFF = "write_off", _("written off")

    id = models.BigAutoField(primary_key=True)
    order_return = models.ForeignKey(
        OrderReturn, on_delete=models.CASCADE, related_name="lines", verbose_name=_("return")
    )
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="returns", verbose_name=_("line"))
    quantity = models.PositiveIntegerField(_("quantity"))
    # Decided when it is received.
    fate = models.CharField(_("what becomes of it"), max_length=10, choices=Fate.choices, blank=True)
    refund_minor = models.BigIntegerField(_("refund (minor units)"), default=0)

    class Meta:
        app_label = "purchases"
        verbose_name = _("return line")
        verbose_name_plural = _("return lines")
        constraints = [
            models.UniqueConstraint(fields=["order_return", "line"], name="purchases_return_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, refund_minor__gte=0), name="purchases_return_line_amounts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.line_id}"


class CallOff(UUIDModel):
    """Units of one store's part that will never be sent, and the money that went back for them at once."""

    part = models.ForeignKey(OrderPart, on_delete=models.PROTECT, related_name="call_offs")
    # The customer reads it.
    reason = models.CharField(max_length=200)
    # Of the goods that are still here; what was lost on its way goes on no shelf.
    fate = models.CharField(max_length=10, choices=ReturnLine.Fate.choices)
    # All that went back; `shipping_minor` of it for sending, where nothing of the part is sent any more.
    refund_minor = models.BigIntegerField()
    shipping_minor = models.BigIntegerField(default=0)
    actor_id = models.UUIDField(null=True)
    called_off_at = models.DateTimeField()

    class Meta:
        app_label = "purchases"
        constraints = [
            models.CheckConstraint(
                condition=Q(shipping_minor__gte=0, refund_minor__gte=F("shipping_minor")),
                name="purchases_call_off_amounts",
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class CallOffLine(models.Model):
    """How many units of a line were called off; `lost_quantity` of them had been lost on their way."""

    id = models.BigAutoField(primary_key=True)
    call_off = models.ForeignKey(CallOff, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="called_off")
    quantity = models.PositiveIntegerField()
    lost_quantity = models.PositiveIntegerField(default=0)
    refund_minor = models.BigIntegerField()

    class Meta:
        app_label = "purchases"
        constraints = [
            models.UniqueConstraint(fields=["call_off", "line"], name="purchases_call_off_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, lost_quantity__lte=F("quantity"), refund_minor__gte=0),
                name="purchases_call_off_line_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.line_id}"
