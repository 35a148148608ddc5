"""Variants: rows of their product's page, and a page of their own with the history of their price."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F, Model, QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from marketplace.core import access
from marketplace.core.admin import ReadOnlyInline, ScopedAdmin
from marketplace.core.admin_forms import (
    MajorUnitsField,
    ParentTold,
    ScopedInline,
    VersionedForm,
    as_money,
    changed_columns,
    in_major_units,
)
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money
from stores.catalog import services
from stores.catalog.barcodes import WRONG_BARCODE, is_barcode
from stores.catalog.errors import BarcodeTakenError, SkuTakenError
from stores.catalog.models import PriceChange, Product, Variant


def with_stock(rows: QuerySet[Variant]) -> QuerySet[Variant]:
    """With `on_hand` and `available` of all places together, and the store their money is of."""
    counted = rows.annotate(
        on_hand=Sum("stock_items__on_hand"),
        available=Sum(F("stock_items__on_hand") - F("stock_items__allocated")),
    )
    return counted.select_related("product__store")


def _counted(variant: Variant, name: str) -> int | str:
    count: int | None = getattr(variant, name, None)
    return "—" if count is None else count


class VariantForm(VersionedForm):
    """A variant with its money in major units of the store's currency."""

    price = MajorUnitsField(label=_("price"))
    cost = MajorUnitsField(label=_("cost"), required=False)
    options = forms.JSONField(label=_("options"), required=False, initial=dict, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Variant
        fields = ["sku", "barcode", "options", "is_active"]

    def __init__(self, *args: Any, product: Product | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.product = product
        if not self.instance._state.adding:
            self.initial["price"] = in_major_units(self.instance.price)
            self.initial["cost"] = in_major_units(self.instance.cost)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.product is None or self.product.store_id is None:
            return values  # the product's own form says so
        store = self.product.store
        others = Variant.objects.filter(store=store).exclude(pk=self.instance.pk)
        if others.filter(sku=values.get("sku", "")).exists():
            self.add_error("sku", ValidationError(_(SkuTakenError.message) % {"sku": values["sku"]}))
        barcode = values.get("barcode")
        if barcode and others.filter(barcode=barcode, archived_at__isnull=True).exists():
            self.add_error("barcode", ValidationError(_(BarcodeTakenError.message) % {"barcode": barcode}))
        for name in ("price", "cost"):
            try:
                values[name] = as_money(values.get(name), store.currency)
            except ValidationError as error:
                self.add_error(name, error)
        if isinstance(values.get("price"), Money) and not values["price"]:
            self.add_error("price", ValidationError(_("The amount must be more than zero.")))
        return values

    def clean_barcode(self) -> str:
        barcode: str = self.cleaned_data["barcode"]
        if barcode and not is_barcode(barcode):
            raise ValidationError(_(WRONG_BARCODE), code="invalid_barcode")
        return barcode

    def clean_options(self) -> dict[str, str]:
        options = self.cleaned_data["options"] or {}
        if not isinstance(options, dict) or not all(isinstance(value, str) for value in options.values()):
            raise ValidationError(_('Write options as {"name": "value"}.'))
        return options


class VariantInline(ScopedInline):
    """What is bought of a product."""

    model = Variant
    form = VariantForm
    formset = ParentTold
    fields = ["expected_version", "sku", "barcode", "price", "cost", "options", "is_active", "on_hand", "available"]
    readonly_fields = ["on_hand", "available"]
    can_delete = False
    show_change_link = True  # to the history of its price

    @admin.display(description=_("on hand"))
    def on_hand(self, variant: Variant) -> int | str:
        """In all places together; movements change it, never this page."""
        return _counted(variant, "on_hand")

    @admin.display(description=_("available"))
    def available(self, variant: Variant) -> int | str:
        """On hand and not set aside."""
        return _counted(variant, "available")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return with_stock(Variant.objects.filter(archived_at__isnull=True)).order_by("sku")


def save_variant(product: Product, row: forms.ModelForm, request: HttpRequest) -> None:  # type: ignore[type-arg]
    """As the form says, through the services."""
    values = row.cleaned_data
    if row.instance._state.adding:
        services.create_variant(
            product=product,
            sku=values["sku"],
            price=values["price"],
            cost=values["cost"],
            barcode=values["barcode"],
            options=values["options"],
            is_active=values["is_active"],
            actor_id=request.user.pk,
        )
        return
    changes = changed_columns(row) | {name: values[name] for name in ("price", "cost") if name in row.changed_data}
    services.change_variant(
        variant=Variant.objects.get(pk=row.instance.pk),
        expected_version=values["expected_version"],
        changes=changes,
        actor_id=request.user.pk,
    )


class PriceChangeInline(ReadOnlyInline):
    """What the variant has cost."""

    model = PriceChange
    fields = ["created_at", "price", "cost", "cause", "actor_id"]
    readonly_fields = fields
    ordering = ["-pk"]
    per_page = 20

    @admin.display(description=_("price"))
    def price(self, change: PriceChange) -> str:
        return shown_amount(change.price)

    @admin.display(description=_("cost"))
    def cost(self, change: PriceChange) -> str:
        return "—" if change.cost is None else shown_amount(change.cost)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True  # who may see the variant


@admin.register(Variant)
class VariantAdmin(ScopedAdmin):
    """To look a variant up by its codes, and to see what it has cost; it is changed on its product's page.

    For the people of the catalogue, of the shelf, and those who buy for it.
    """

    read_keys = ("catalog:read", "inventory:read", "procurement:read")
    department_path = "product__category__department"
    store_path = "store"
    list_display = ["sku", "barcode", "product", "store", "price", "on_hand", "available", "is_active"]
    list_filter = ["is_active", "store"]
    list_select_related = ["product", "store"]
    search_fields = ["sku", "barcode", "product__name"]
    fields = ["product", "store", "sku", "barcode", "price", "cost", "options", "on_hand", "available", "is_active"]
    readonly_fields = fields
    inlines = [PriceChangeInline]
    ordering = ["product__name", "sku"]

    @admin.display(description=_("price"), ordering="price_minor")
    def price(self, variant: Variant) -> str:
        return shown_amount(variant.price)

    @admin.display(description=_("cost"))
    def cost(self, variant: Variant) -> str:
        return "—" if variant.cost is None else shown_amount(variant.cost)

    @admin.display(description=_("on hand"), ordering="on_hand")
    def on_hand(self, variant: Variant) -> int | str:
        return _counted(variant, "on_hand")

    @admin.display(description=_("available"), ordering="available")
    def available(self, variant: Variant) -> int | str:
        return _counted(variant, "available")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        where = access.reach_any(request.user, *self.read_keys)
        rows = with_stock(Variant.objects.filter(archived_at__isnull=True, product__archived_at__isnull=True))
        mine = access.within(rows, where, department_path=self.department_path, store_path=self.store_path)
        return mine.order_by("product__name", "sku")  # completion takes the rows as they are here

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def _may(self, request: HttpRequest, verb: str, obj: Model | None) -> bool:
        where = access.reach_any(request.user, *self.read_keys)
        return verb == "read" and not where.is_empty and (obj is None or self.get_queryset(request).contains(obj))
