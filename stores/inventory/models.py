"""Inventory: what is on the shelf and set aside, and the movements that explain it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from stores.catalog.models import Variant
from stores.merchants.models import Store


class StockItem(UUIDModel):
    """Stock of one variant in one store. `available = on_hand - allocated`; neither can go negative.

    Only `inventory.services` writes the counters; each write has its movement.
    """

    variant = models.ForeignKey(
        Variant, on_delete=models.PROTECT, related_name="stock_items", verbose_name=_("variant")
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", verbose_name=_("store"))
    on_hand = models.IntegerField(_("on hand"), default=0)
    allocated = models.IntegerField(_("allocated"), default=0)
    reorder_point = models.PositiveIntegerField(_("reorder point"), default=0)
    reorder_qty = models.PositiveIntegerField(_("reorder quantity"), default=0)

    class Meta:
        app_label = "stores"
        verbose_name = _("stock item")
        verbose_name_plural = _("stock items")
        constraints = [
            models.UniqueConstraint(fields=["variant", "store"], name="stores_stock_once"),
            models.CheckConstraint(
                condition=Q(allocated__gte=0) & Q(on_hand__gte=F("allocated")),
                name="stores_stock_not_negative",
                violation_error_message=_("Stock cannot go below what is set aside."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant.sku} @ {self.store.name}"

    @property
    def available(self) -> int:
        """What may still be promised."""
        return self.on_hand - self.allocated


class StockMovement(models.Model):
    """Why a counter changed. Append-only. Quantities are positive except for `adjust`, which is signed.

    receive: on_hand + q · reserve: allocated + q · release: allocated - q · sale: on_hand - q, and allocated - q
    when it was reserved before · adjust: on_hand + q with a reason.
    """

    class Kind(models.TextChoices):
        """What happened to the goods."""

        RECEIVE = "receive", _("receive")
        RESERVE = "reserve", _("reserve")
        RELEASE = "release", _("release")
        SALE = "sale", _("sale")
        ADJUST = "adjust", _("adjust")

    id = models.BigAutoField(primary_key=True)
    stock_item = models.ForeignKey(
        StockItem, on_delete=models.PROTECT, related_name="movements", verbose_name=_("stock item")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    quantity = models.IntegerField(_("quantity"))
    # How much of a sale was set aside before it.
    from_allocated = models.PositiveIntegerField(default=0)
    on_hand_after = models.IntegerField(_("on hand after"))
    allocated_after = models.IntegerField(_("allocated after"))
    # The caller's key; further items of the same call have `key#1`, `key#2`, in key order of the items.
    idem_key = models.CharField(max_length=120, unique=True)
    cause = models.CharField(_("cause"), max_length=80, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        app_label = "stores"
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="adjust") & ~Q(quantity=0) & ~Q(reason="")) | (~Q(kind="adjust") & Q(quantity__gt=0)),
                name="stores_movement_quantity",
            ),
            models.CheckConstraint(
                condition=Q(from_allocated=0) | Q(kind="sale", from_allocated__lte=F("quantity")),
                name="stores_movement_from_allocated",
            ),
        ]
        indexes = [
            # What sold lately, for the velocity of replenishment.
            models.Index(fields=["created_at"], name="stores_sales_by_time", condition=Q(kind="sale")),
            # What became of an order's goods.
            models.Index(fields=["cause"], name="stores_movement_cause"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity}"


class StockReconciliation(models.Model):
    """One nightly comparison of every counter with the sum of its movements. It reports and repairs nothing."""

    id = models.BigAutoField(primary_key=True)
    items_count = models.PositiveIntegerField(_("stock items compared"))
    drift_count = models.PositiveIntegerField(_("stock items adrift"))
    created_at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        app_label = "stores"
        verbose_name = _("stock reconciliation")
        verbose_name_plural = _("stock reconciliations")

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d}: {self.drift_count}"


class StockDrift(models.Model):
    """A stock item whose counters are not what its movements add up to: somebody wrote past the one service."""

    id = models.BigAutoField(primary_key=True)
    reconciliation = models.ForeignKey(StockReconciliation, on_delete=models.CASCADE, related_name="drifts")
    stock_item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="+", verbose_name=_("stock item"))
    on_hand = models.IntegerField(_("on hand"))
    allocated = models.IntegerField(_("allocated"))
    on_hand_moved = models.IntegerField(_("on hand by movements"))
    allocated_moved = models.IntegerField(_("allocated by movements"))

    class Meta:
        app_label = "stores"
        verbose_name = _("stock drift")
        verbose_name_plural = _("stock drifts")
        constraints = [models.UniqueConstraint(fields=["reconciliation", "stock_item"], name="stores_drift_once")]

    def __str__(self) -> str:
        return f"{self.stock_item_id}: {self.on_hand - self.on_hand_moved:+d}"
