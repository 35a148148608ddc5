"""Stock in the back office: counters to look at, movements to enter."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from marketplace.core import access
from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline, ScopedAdmin
from marketplace.core.admin_forms import RefusalsShown, changed_columns, show_refusal
from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from stores.catalog.models import Variant
from stores.contracts import StockLine

from . import selectors, services
from .models import StockDrift, StockItem, StockMovement, StockReconciliation
from .stocking import put_on_shelf

MAX_QUANTITY = 1_000_000


class ReceiveForm(BaseDialogForm):
    """How much came in. The hidden key makes a double click one receipt."""

    quantity = forms.IntegerField(
        label=_("quantity"), min_value=1, max_value=MAX_QUANTITY, widget=UnfoldAdminIntegerFieldWidget
    )
    reason = forms.CharField(label=_("reason"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget)
    idem_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)


class AdjustForm(ReceiveForm):
    """A correction, with a sign and a reason."""

    quantity = forms.IntegerField(
        label=_("quantity, with its sign"),
        min_value=-MAX_QUANTITY,
        max_value=MAX_QUANTITY,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    reason = forms.CharField(label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class ShelfForm(forms.ModelForm):  # type: ignore[type-arg]
    """A variant that has no stock item yet, and what is on its shelf."""

    on_hand = forms.IntegerField(
        label=_("on hand"), min_value=0, max_value=MAX_QUANTITY, initial=0, widget=UnfoldAdminIntegerFieldWidget
    )

    class Meta:
        model = StockItem
        fields = ["variant", "on_hand", "reorder_point", "reorder_qty"]


class MovementInline(ReadOnlyInline):
    """Why the counters are what they are."""

    model = StockMovement
    fields = ["created_at", "kind", "quantity", "on_hand_after", "allocated_after", "cause", "reason"]
    readonly_fields = fields
    ordering = ["-pk"]
    per_page = 20

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True


class LowStockFilter(admin.SimpleListFilter):
    """Items that ask to be reordered."""

    title = _("reorder")
    parameter_name = "low"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("to reorder"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StockItem]) -> QuerySet[StockItem]:
        return selectors.low_stock(queryset) if self.value() == "yes" else queryset


@admin.register(StockItem)
class StockItemAdmin(RefusalsShown, ScopedAdmin):
    """Counters change by movements only; the reorder rule is set here, and a new variant put on its shelf."""

    access_area = "inventory"
    department_path = selectors.DEPARTMENT_PATH
    store_path = "store"
    list_display = ["variant", "product_name", "store", "on_hand", "allocated", "available", "reorder_point"]
    list_filter = [LowStockFilter, "store"]
    list_select_related = ["variant__product", "store"]
    search_fields = ["variant__sku", "variant__product__name", "store__name"]
    fields = ["variant", "store", "on_hand", "allocated", "available", "reorder_point", "reorder_qty"]
    readonly_fields = ["variant", "store", "on_hand", "allocated", "available"]
    autocomplete_fields = ["variant"]
    inlines = [MovementInline]
    actions_detail = ["receive", "adjust"]

    @admin.display(description=_("product"), ordering="variant__product__name")
    def product_name(self, item: StockItem) -> str:
        return item.variant.product.name

    @admin.display(description=_("available"))
    def available(self, item: StockItem) -> int:
        return item.available

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({} if change else {"form": ShelfForm}), **kwargs)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields if obj else ShelfForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.readonly_fields if obj else []

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        return self.inlines if obj else []

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "variant":
            where = access.reach(request.user, "inventory:write")
            variants = Variant.objects.filter(archived_at__isnull=True)
            kwargs["queryset"] = access.within(
                variants, where, department_path="product__category__department", store_path="store"
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_move_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """Whether the person may enter movements of the item with this id."""
        item = self.get_object(request, object_id)
        return item is not None and self.has_change_permission(request, item)

    def save_model(self, request: HttpRequest, obj: StockItem, form: Any, change: bool) -> None:
        if not change:
            values = form.cleaned_data
            made = put_on_shelf(
                variant=values["variant"],
                quantity=values["on_hand"],
                reorder_point=values["reorder_point"],
                reorder_qty=values["reorder_qty"],
                actor_id=request.user.pk,
            )
            obj.pk, obj._state.adding = made.pk, False
            obj.refresh_from_db()
            return
        services.set_reorder_rule(
            item=StockItem.objects.get(pk=obj.pk), changes=changed_columns(form), actor_id=request.user.pk
        )

    @action(  # type: ignore[untyped-decorator]
        description=_("Receive"),
        icon="input",
        permissions=["move"],
        dialog={
            "title": _("Receive goods"),
            "description": _("What came in is added to what is on hand."),
            "form_class": ReceiveForm,
            "form_submit_text": _("Receive"),
        },
    )
    def receive(self, request: HttpRequest, form: ReceiveForm, object_id: str) -> HttpResponse:
        """Goods came in."""
        return self._move(request, form, object_id, StockMovement.Kind.RECEIVE)

    @action(  # type: ignore[untyped-decorator]
        description=_("Adjust"),
        icon="tune",
        permissions=["move"],
        dialog={
            "title": _("Adjust stock"),
            "description": _("A correction after counting, breakage or loss. What is set aside stays covered."),
            "form_class": AdjustForm,
            "form_submit_text": _("Adjust"),
        },
    )
    def adjust(self, request: HttpRequest, form: AdjustForm, object_id: str) -> HttpResponse:
        """The count was wrong."""
        return self._move(request, form, object_id, StockMovement.Kind.ADJUST)

    def _move(self, request: HttpRequest, form: ReceiveForm, object_id: str, kind: str) -> HttpResponse:
        item = StockItem.objects.get(pk=object_id)
        values = form.cleaned_data
        try:
            services.record_staff_movement(
                kind=kind,
                line=StockLine(item.variant_id, item.store_id, values["quantity"]),
                idem_key=f"admin:{values['idem_key']}",
                reason=values["reason"],
                actor_id=request.user.pk,
            )
            messages.success(request, gettext("The stock was changed."))
        except DomainError as error:
            show_refusal(request, error)
        # The dialog is sent by htmx: this header takes the whole page along.
        return HttpResponse(headers={"HX-Redirect": reverse("admin:stores_stockitem_change", args=[object_id])})


class DriftInline(ReadOnlyInline):
    """What is adrift, and by how much."""

    model = StockDrift
    fields = ["stock_item", "on_hand", "on_hand_moved", "allocated", "allocated_moved"]
    readonly_fields = fields
    per_page = 50


@admin.register(StockReconciliation)
class StockReconciliationAdmin(ReadOnlyAdmin):
    """The nightly comparisons, of the whole house."""

    list_display = ["created_at", "items_count", "drift_count"]
    ordering = ["-pk"]
    inlines = [DriftInline]
