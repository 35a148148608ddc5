"""Suppliers with their price lists."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from marketplace.core import access
from marketplace.core.admin import ScopedAdmin, ServiceAdmin
from marketplace.core.admin_forms import (
    MajorUnitsField,
    ParentTold,
    ScopedInline,
    VersionedForm,
    as_money,
    changed_columns,
    in_major_units,
)
from marketplace.core.money import CURRENCIES, Money
from stores.procurement import services
from stores.procurement.models import Supplier, SupplierPrice

from .choices import OwnChoices

MOST = 1_000_000


class SupplierForm(VersionedForm):
    """A supplier; whom it serves and its currency are chosen once."""

    currency = forms.ChoiceField(
        label=_("currency"), choices=[(each, each) for each in sorted(CURRENCIES)], widget=UnfoldAdminSelectWidget
    )
    language = forms.ChoiceField(
        label=_("language of documents"), choices=settings.LANGUAGES, widget=UnfoldAdminSelectWidget
    )
    auto_order_limit = MajorUnitsField(label=_("automatic orders per day at most"), required=False)

    class Meta:
        model = Supplier
        fields = [
            "name",
            "department",
            "store",
            "currency",
            "language",
            "email",
            "phone",
            "tax_id",
            "address",
            "lead_time_days",
            "over_receipt_bp",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.initial.setdefault("currency", settings.DEFAULT_CURRENCY)
        else:
            self.initial["auto_order_limit"] = in_major_units(self.instance.auto_order_limit)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        currency = values.get("currency") or self.instance.currency
        try:
            values["auto_order_limit"] = as_money(values.get("auto_order_limit"), currency) if currency else None
        except ValidationError as error:
            self.add_error("auto_order_limit", error)
        limit = values.get("auto_order_limit")
        if isinstance(limit, Money) and not limit:
            self.add_error("auto_order_limit", ValidationError(_("The amount must be more than zero.")))
        return values


class SupplierPriceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A line of the price list, in major units of the supplier's currency."""

    cost = MajorUnitsField(label=_("cost per unit"))

    class Meta:
        model = SupplierPrice
        fields = ["variant", "supplier_sku", "pack_size", "least_qty", "is_preferred"]

    def __init__(self, *args: Any, supplier: Supplier | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.supplier = supplier
        for name in ("pack_size", "least_qty"):
            self.fields[name].min_value = 1  # type: ignore[attr-defined]
        if not self.instance._state.adding:
            self.fields["variant"].disabled = True
            self.initial["cost"] = in_major_units(self.instance.cost)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.supplier is not None and self.supplier.currency:
            try:
                values["cost"] = as_money(values.get("cost"), self.supplier.currency)
            except ValidationError as error:
                self.add_error("cost", error)
        return values


class SupplierPriceInline(ScopedInline):
    """The price list."""

    model = SupplierPrice
    form = SupplierPriceForm
    formset = ParentTold
    fields = ["variant", "supplier_sku", "cost", "pack_size", "least_qty", "is_preferred"]
    autocomplete_fields = ["variant"]
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[SupplierPrice]:
        return SupplierPrice.objects.select_related("supplier", "variant").order_by("variant__sku", "pk")


@admin.register(Supplier)
class SupplierAdmin(OwnChoices, ServiceAdmin, ScopedAdmin):
    """Suppliers in use of the departments and stores within reach."""

    access_area = "procurement"
    department_path = "department"
    store_path = "store"
    form = SupplierForm
    inlines = [SupplierPriceInline]
    list_display = ["name", "department", "store", "lead_time_days", "shown_limit"]
    list_filter = [("department", admin.RelatedOnlyFieldListFilter), ("store", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["department", "store"]
    search_fields = ["name", "tax_id"]
    actions = ["archive"]
    refusal_fields = {"department": "department"}

    @admin.display(description=_("automatic orders per day at most"))
    def shown_limit(self, supplier: Supplier) -> str:
        return "—" if supplier.auto_order_limit is None else str(supplier.auto_order_limit)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Model]":
        return super().get_queryset(request).filter(archived_at__isnull=True)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [] if obj is None else ["department", "store", "currency"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Supplier, form: SupplierForm, change: bool) -> None:
        values = changed_columns(form)
        if "auto_order_limit" in form.changed_data:
            limit = form.cleaned_data["auto_order_limit"]
            values["auto_order_limit_minor"] = None if limit is None else limit.minor
        if change:
            services.change_supplier(
                supplier=Supplier.objects.get(pk=obj.pk),
                expected_version=form.cleaned_data["expected_version"],
                changes=values,
                actor_id=request.user.pk,
            )
            return
        values |= {"name": obj.name, "currency": obj.currency, "language": obj.language}
        obj.pk = services.create_supplier(**values, actor_id=request.user.pk).pk
        obj.refresh_from_db()

    def save_formset(
        self, request: HttpRequest, form: Any, formset: "BaseInlineFormSet[Any, Any, Any]", change: bool
    ) -> None:
        """Prices are written by the same services as through the API."""
        supplier = Supplier.objects.get(pk=form.instance.pk)
        formset.save(commit=False)
        for price in formset.deleted_objects:
            services.remove_supplier_price(price=price, actor_id=request.user.pk)
        for row in formset.forms:
            if row.has_changed() and not row.cleaned_data.get("DELETE"):
                values = row.cleaned_data
                services.set_supplier_price(
                    supplier=supplier,
                    variant_id=values["variant"].pk,
                    cost=values["cost"],
                    supplier_sku=values["supplier_sku"],
                    pack_size=values["pack_size"],
                    least_qty=values["least_qty"],
                    is_preferred=values["is_preferred"],
                    actor_id=request.user.pk,
                )

    @admin.action(description=_("Delete: order nothing more of them"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Supplier]) -> None:
        """Placed orders are still received."""
        where = access.reach(request.user, "procurement:write")
        mine = access.within(
            Supplier.objects.filter(pk__in=queryset.values("pk")),
            where,
            department_path=self.department_path,
            store_path=self.store_path,
        )
        self.each(
            request,
            mine,
            lambda supplier: services.archive_supplier(
                supplier=supplier, expected_version=None, at=timezone.now(), actor_id=request.user.pk
            ),
        )
