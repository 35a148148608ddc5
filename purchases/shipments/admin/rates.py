"""Shipping rates in the back office: a store's people keep theirs."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from marketplace.core import access
from marketplace.core.admin import ScopedAdmin, ServiceAdmin
from marketplace.core.admin_forms import MajorUnitsField, VersionedForm, as_money, in_major_units
from marketplace.core.formatting import shown_amount
from purchases.shipments import services
from purchases.shipments.models import ShippingRate
from purchases.shipments.selectors import AREA

AMOUNTS = ("price", "free_from")


class ShippingRateForm(VersionedForm):
    """A rate, in major units of the store's currency; the store is chosen once."""

    price = MajorUnitsField(label=_("price"))
    free_from = MajorUnitsField(label=_("free from"), required=False)

    class Meta:
        model = ShippingRate
        fields = ["store", "name", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            for name in AMOUNTS:
                self.initial[name] = in_major_units(getattr(self.instance, name))

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        currency = values["store"].currency if values.get("store") else self.instance.currency
        for name in AMOUNTS:
            try:
                values[name] = as_money(values.get(name), currency) if currency else None
            except ValidationError as error:
                self.add_error(name, error)
        return values


@admin.register(ShippingRate)
class ShippingRateAdmin(ServiceAdmin, ScopedAdmin):
    """Rates of the stores within reach."""

    access_area = AREA
    store_path = "store"
    form = ShippingRateForm
    list_display = ["name", "store", "shown_price", "shown_free_from", "is_active"]
    list_filter = ["is_active", ("store", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["store"]
    search_fields = ["name", "store__name"]

    @admin.display(description=_("price"), ordering="price_minor")
    def shown_price(self, rate: ShippingRate) -> str:
        return shown_amount(rate.price)

    @admin.display(description=_("free from"), ordering="free_from_minor")
    def shown_free_from(self, rate: ShippingRate) -> str:
        return "—" if rate.free_from is None else str(rate.free_from)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [] if obj is None else ["store"]

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        """Only stores that the person keeps."""
        where = access.reach(request.user, f"{AREA}:write")
        rows = db_field.related_model._default_manager.filter(archived_at__isnull=True)
        kwargs["queryset"] = access.within(rows, where, store_path="pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: ShippingRate, form: ShippingRateForm, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in ("name", "is_active", *AMOUNTS)}
        if change:
            services.change_rate(
                rate=ShippingRate.objects.get(pk=obj.pk),
                expected_version=form.cleaned_data["expected_version"],
                changes={name: value for name, value in values.items() if name in form.changed_data},
                actor_id=request.user.pk,
            )
            return
        obj.pk = services.add_rate(store_id=obj.store_id, **values, actor_id=request.user.pk).pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: ShippingRate) -> None:
        services.delete_rate(rate=obj, expected_version=None, actor_id=request.user.pk)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        where = access.reach(request.user, f"{AREA}:write")
        mine = access.within(
            ShippingRate.objects.filter(pk__in=queryset.values("pk")), where, store_path=self.store_path
        )
        for rate in mine.order_by("pk"):
            services.delete_rate(rate=rate, expected_version=None, actor_id=request.user.pk)
