"""Procurement: suppliers and their prices, purchase orders, receipts, and what ought to be ordered next."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel, VersionedModel
from marketplace.core.money import Money
from stores.catalog.models import Variant
from stores.inventory.models import StockItem
from stores.merchants.models import Store


class Supplier(VersionedModel):
    """Who delivers, to one department (in any store) or to one store (of any department): that decides who sees it."""

    department = models.ForeignKey(
        "users.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("department"),
    )
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("store")
    )
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    tax_id = models.CharField(_("tax id"), max_length=40, blank=True)
    address = models.TextField(_("address"), max_length=500, blank=True)
    language = models.CharField(_("language of documents"), max_length=8, default="es")
    currency = models.CharField(_("currency"), max_length=3)
    lead_time_days = models.PositiveSmallIntegerField(_("lead time (days)"), default=7)
    over_receipt_bp = models.PositiveIntegerField(
        _("may deliver too much (hundredths of a percent)"),
        default=0,
        help_text=_("0: more than was ordered is refused."),
    )
    # Null: beat orders nothing by itself here.
    auto_order_limit_minor = models.BigIntegerField(
        _("automatic orders per day at most (minor units)"), null=True, blank=True
    )
    archived_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        app_label = "stores"
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(department__isnull=True, store__isnull=False)
                | Q(department__isnull=False, store__isnull=True),
                name="stores_supplier_of_one",
                violation_error_message=_("A supplier serves either a department or a store."),
            ),
            models.CheckConstraint(condition=Q(over_receipt_bp__lte=10_000), name="stores_over_receipt_at_most_double"),
            models.CheckConstraint(condition=Q(lead_time_days__lte=365), name="stores_lead_time_at_most_a_year"),
            models.CheckConstraint(
                condition=Q(auto_order_limit_minor__isnull=True) | Q(auto_order_limit_minor__gt=0),
                name="stores_auto_limit_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def auto_order_limit(self) -> Money | None:
        """What beat may order a day; None: nothing."""
        return None if self.auto_order_limit_minor is None else Money(self.auto_order_limit_minor, self.currency)


class SupplierPrice(UUIDModel):
    """A line of a supplier's price list: what a unit of the variant costs there, and how it is packed."""

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="prices", verbose_name=_("supplier"))
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+", verbose_name=_("variant"))
    supplier_sku = models.CharField(_("supplier's SKU"), max_length=64, blank=True)
    cost_minor = models.BigIntegerField(_("cost per unit (minor units)"))
    pack_size = models.PositiveIntegerField(_("units per pack"), default=1)
    least_qty = models.PositiveIntegerField(_("least quantity"), default=1)
    is_preferred = models.BooleanField(_("preferred"), default=False)

    class Meta:
        app_label = "stores"
        verbose_name = _("supplier price")
        verbose_name_plural = _("price list")
        constraints = [
            models.UniqueConstraint(fields=["supplier", "variant"], name="stores_supplier_price_once"),
            models.CheckConstraint(condition=Q(cost_minor__gte=0), name="stores_supplier_cost_not_negative"),
            models.CheckConstraint(
                condition=Q(pack_size__range=(1, 1_000_000), least_qty__range=(1, 1_000_000)),
                name="stores_supplier_pack_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier_id}: {self.variant_id}"

    @property
    def cost(self) -> Money:
        """Of one unit, in the supplier's currency."""
        return Money(self.cost_minor, self.supplier.currency)


class PurchaseOrder(VersionedModel):
    """What one store ordered of one supplier. draft → placed → received; a draft or a placed one can be cancelled.

    A partial receipt leaves it placed; cancelling it then means that the rest is not awaited any more.
    """

    class State(models.TextChoices):
        """A draft can be edited; what is placed, the supplier has."""

        DRAFT = "draft", _("draft")
        PLACED = "placed", _("placed")
        RECEIVED = "received", _("received")
        CANCELLED = "cancelled", _("cancelled")

    class Origin(models.TextChoices):
        """Who thought of it."""

        MANUAL = "manual", _("by hand")
        SUGGESTED = "suggested", _("from suggestions")
        AUTOMATIC = "automatic", _("automatic")

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="orders", verbose_name=_("supplier"))
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", verbose_name=_("store"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices, default=Origin.MANUAL, editable=False)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    note = models.TextField(_("note"), max_length=2_000, blank=True)
    expected_on = models.DateField(_("expected on"), null=True, blank=True)
    placed_at = models.DateTimeField(_("placed at"), null=True, editable=False)
    received_at = models.DateTimeField(_("received at"), null=True, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, editable=False)
    cancel_reason = models.CharField(_("reason"), max_length=200, blank=True, editable=False)

    class Meta:
        app_label = "stores"
        verbose_name = _("purchase order")
        verbose_name_plural = _("purchase orders")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft", placed_at__isnull=True, received_at__isnull=True, cancelled_at__isnull=True)
                | Q(state="placed", placed_at__isnull=False, received_at__isnull=True, cancelled_at__isnull=True)
                | Q(state="received", placed_at__isnull=False, received_at__isnull=False, cancelled_at__isnull=True)
                | Q(state="cancelled", received_at__isnull=True, cancelled_at__isnull=False),
                name="stores_purchase_order_moments",
            )
        ]
        indexes = [models.Index(fields=["supplier", "state"], name="stores_purchase_order_open")]

    def __str__(self) -> str:
        return self.number

    @property
    def total(self) -> Money:
        """What was ordered costs so much. Prefetch the lines for lists."""
        return Money(sum(line.total_minor for line in self.lines.all()), self.currency)


class PurchaseOrderLine(UUIDModel):
    """So many of a variant at a cost. SKU and name are as they were when the order was written."""

    order = models.ForeignKey(PurchaseOrder, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+", verbose_name=_("variant"))
    sku = models.CharField(_("SKU"), max_length=64, editable=False)
    name = models.CharField(_("name"), max_length=200, editable=False)
    supplier_sku = models.CharField(_("supplier's SKU"), max_length=64, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"))
    received_qty = models.PositiveIntegerField(_("received"), default=0, editable=False)
    unit_cost_minor = models.BigIntegerField(_("cost per unit (minor units)"))

    class Meta:
        app_label = "stores"
        verbose_name = _("purchase order line")
        verbose_name_plural = _("purchase order lines")
        constraints = [
            models.UniqueConstraint(fields=["order", "variant"], name="stores_purchase_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="stores_purchase_line_positive"),
            models.CheckConstraint(condition=Q(unit_cost_minor__gte=0), name="stores_purchase_cost_not_negative"),
            # The supplier's own tolerance is checked by the service; never more than double.
            models.CheckConstraint(
                condition=Q(received_qty__lte=F("quantity") * 2), name="stores_purchase_line_received"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"

    @property
    def open_qty(self) -> int:
        """What is still to come."""
        return max(0, self.quantity - self.received_qty)

    @property
    def total_minor(self) -> int:
        """What was ordered costs so much, in minor units of the order's currency."""
        return self.quantity * self.unit_cost_minor

    @property
    def unit_cost(self) -> Money:
        """Of one unit. Lines that were prefetched with their order know it already."""
        return Money(self.unit_cost_minor, self.order.currency)

    @property
    def total(self) -> Money:
        """Of all that was ordered."""
        return Money(self.total_minor, self.order.currency)


class GoodsReceipt(UUIDModel):
    """Goods of an order that came in at once. Append-only; its stock movements have the key `receipt:<id>`."""

    order = models.ForeignKey(PurchaseOrder, verbose_name=_("order"), on_delete=models.PROTECT, related_name="receipts")
    idem_key = models.CharField(max_length=120, unique=True)
    delivery_note = models.CharField(_("delivery note"), max_length=80, blank=True)
    actor_id = models.UUIDField(_("by whom"), null=True)

    class Meta:
        app_label = "stores"
        verbose_name = _("goods receipt")
        verbose_name_plural = _("goods receipts")

    def __str__(self) -> str:
        return self.delivery_note or str(self.pk)


class GoodsReceiptLine(models.Model):
    """So many of an order's line. Append-only."""

    id = models.BigAutoField(primary_key=True)
    receipt = models.ForeignKey(GoodsReceipt, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(
        PurchaseOrderLine, verbose_name=_("line"), on_delete=models.PROTECT, related_name="receipts"
    )
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        app_label = "stores"
        verbose_name = _("goods receipt line")
        verbose_name_plural = _("goods receipt lines")
        constraints = [
            models.UniqueConstraint(fields=["receipt", "line"], name="stores_receipt_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="stores_receipt_line_positive"),
        ]

    def __str__(self) -> str:
        return str(self.quantity)


class ReplenishmentSuggestion(models.Model):
    """What ought to be ordered of a stock item, and why. Derived each hour, by `procurement.replenishment` only.

    Without a supplier nobody's price list has the variant: it is shown, but cannot be ordered in one action.
    """

    stock_item = models.OneToOneField(StockItem, on_delete=models.CASCADE, primary_key=True, related_name="suggestion")
    supplier = models.ForeignKey(
        Supplier, on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("supplier")
    )
    quantity = models.PositiveIntegerField(_("suggested quantity"))
    unit_cost_minor = models.BigIntegerField(_("cost per unit (minor units)"), null=True)
    currency = models.CharField(_("currency"), max_length=3)
    # The figures behind the quantity, as they were.
    available = models.IntegerField(_("available"))
    incoming = models.PositiveIntegerField(_("on order"))
    sold_per_day_milli = models.PositiveBigIntegerField(_("sold per day (thousandths)"))
    lead_time_days = models.PositiveSmallIntegerField(_("lead time (days)"))
    computed_at = models.DateTimeField(_("computed at"))

    class Meta:
        app_label = "stores"
        verbose_name = _("replenishment suggestion")
        verbose_name_plural = _("replenishment board")
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0), name="stores_suggestion_positive")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.stock_item_id}"

    @property
    def sold_per_day(self) -> str:
        """With three decimals."""
        return f"{self.sold_per_day_milli // 1000}.{self.sold_per_day_milli % 1000:03d}"
