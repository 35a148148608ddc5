"""Shipping rates, and shipments: parcels of one store's part of an order."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel, VersionedModel
from marketplace.core.money import Money
from purchases.orders.models import OrderLine, OrderPart


class ShippingRate(VersionedModel):
    """What a store asks for sending its part of an order; free from an amount of its goods on."""

    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="+", verbose_name=_("store"))
    name = models.CharField(_("name"), max_length=80)
    price_minor = models.BigIntegerField(_("price (minor units)"))
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    free_from_minor = models.BigIntegerField(_("free from (minor units)"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        app_label = "purchases"
        verbose_name = _("shipping rate")
        verbose_name_plural = _("shipping rates")
        constraints = [
            models.UniqueConstraint(fields=["store", "name"], name="purchases_rate_name_once"),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="purchases_rate_price"),
            models.CheckConstraint(
                condition=Q(free_from_minor__isnull=True) | Q(free_from_minor__gt=0), name="purchases_rate_free_from"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def price(self) -> Money:
        """For one order, whatever its weight."""
        return Money(self.price_minor, self.currency)

    @property
    def free_from(self) -> Money | None:
        """The amount of goods from which on it costs nothing."""
        return None if self.free_from_minor is None else Money(self.free_from_minor, self.currency)

    def price_for(self, goods: Money) -> Money:
        """For goods of that amount, in the rate's currency."""
        is_free = self.free_from is not None and goods >= self.free_from
        return Money.zero(self.currency) if is_free else self.price


class Shipment(UUIDModel):
    """A parcel. packed → shipped → delivered, or lost on the way; a packed one can be taken apart again."""

    class State(models.TextChoices):
        """Where it is."""

        PACKED = "packed", _("packed")
        SHIPPED = "shipped", _("shipped")
        DELIVERED = "delivered", _("delivered")
        LOST = "lost", _("lost")
        CANCELLED = "cancelled", _("cancelled")

    part = models.ForeignKey(OrderPart, on_delete=models.PROTECT, related_name="shipments", verbose_name=_("part"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PACKED)
    carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    tracking = models.CharField(_("tracking number"), max_length=120, blank=True)
    tracking_url = models.URLField(_("tracking page"), max_length=500, blank=True)
    shipped_at = models.DateTimeField(_("shipped at"), null=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)

    class Meta:
        app_label = "purchases"
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="shipped") | Q(shipped_at__isnull=False), name="purchases_shipment_shipped_at"
            ),
            models.CheckConstraint(
                condition=~Q(state="delivered") | Q(delivered_at__isnull=False), name="purchases_shipment_delivered_at"
            ),
        ]
        indexes = [models.Index(fields=["state", "id"], name="purchases_shipment_queue")]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.tracking}".strip()


class ShipmentLine(models.Model):
    """How many units of an order's line are in the parcel."""

    id = models.BigAutoField(primary_key=True)
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="lines", verbose_name=_("shipment"))
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="shipped", verbose_name=_("line"))
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        app_label = "purchases"
        verbose_name = _("shipment line")
        verbose_name_plural = _("shipment lines")
        constraints = [
            models.UniqueConstraint(fields=["shipment", "line"], name="purchases_shipment_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="purchases_shipment_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.line_id}"


class ShipmentEvent(models.Model):
    """What happened to the parcel, for the customer to read. Append-only."""

    id = models.BigAutoField(primary_key=True)
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="history", verbose_name=_("shipment"))
    from_state = models.CharField(_("from"), max_length=10, blank=True)
    to_state = models.CharField(_("to"), max_length=10)
    actor_id = models.UUIDField(_("actor"), null=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        app_label = "purchases"
        verbose_name = _("shipment event")
        verbose_name_plural = _("shipment events")

    def __str__(self) -> str:
        return f"{self.shipment_id}: {self.from_state} → {self.to_state}"
