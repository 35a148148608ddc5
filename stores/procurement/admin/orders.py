"""Purchase orders: drafted with their lines, placed, received in a dialog, cancelled, taken away as files."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from marketplace.core.admin import ReadOnlyInline, ScopedAdmin
from marketplace.core.admin_forms import (
    MajorUnitsField,
    RefusalsShown,
    ScopedInline,
    VersionedForm,
    changed_columns,
    in_major_units,
    show_refusal,
)
from marketplace.core.errors import DomainError
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money
from stores.procurement import services
from stores.procurement.documents import document_of
from stores.procurement.models import GoodsReceipt, PurchaseOrder, PurchaseOrderLine
from stores.procurement.selectors import suppliers_within
from stores.procurement.services.orders import LineWanted
from stores.procurement.states import OPEN_STATES, State

from .choices import OwnChoices
from .dialogs import CancelOrderForm, ReceiveGoodsForm

COLOURS = {"draft": "info", "placed": "warning", "received": "success", "cancelled": "danger"}
CHANGE = "admin:stores_purchaseorder_change"


class PurchaseOrderForm(VersionedForm):
    """Of whom and for which store is chosen once."""

    class Meta:
        model = PurchaseOrder
        fields = ["supplier", "store", "expected_on", "note"]


class LineForm(forms.ModelForm):  # type: ignore[type-arg]
    """A line; without a cost the price list's is taken."""

    unit_cost = MajorUnitsField(label=_("cost per unit"), required=False)

    class Meta:
        model = PurchaseOrderLine
        fields = ["variant", "quantity"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["unit_cost"] = in_major_units(self.instance.unit_cost)


class LineInline(ScopedInline):
    """Lines of a draft can be edited."""

    model = PurchaseOrderLine
    form = LineForm
    fields = ["variant", "name", "quantity", "received_qty", "unit_cost"]
    readonly_fields = ["name", "received_qty"]
    autocomplete_fields = ["variant"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PurchaseOrderLine]:
        return PurchaseOrderLine.objects.select_related("order", "variant").order_by("sku", "pk")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        cost = "unit_cost" if self._may_change_parent(request, obj) else "shown_cost"
        return ["variant", "name", "quantity", "received_qty", cost]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["name", "received_qty", "shown_cost"]

    @admin.display(description=_("cost per unit"))
    def shown_cost(self, line: PurchaseOrderLine) -> str:
        return shown_amount(line.unit_cost)

    def _may_change_parent(self, request: HttpRequest, obj: Any) -> bool:
        is_draft = obj is None or obj.state == State.DRAFT
        return is_draft and super()._may_change_parent(request, obj)


class ReceiptInline(ReadOnlyInline):
    """What came in of it."""

    model = GoodsReceipt
    fields = ["created_at", "delivery_note", "contents", "actor_id"]
    readonly_fields = fields
    ordering = ["-pk"]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.prefetch_related("lines__line")

    @admin.display(description=_("what"))
    def contents(self, receipt: GoodsReceipt) -> str:
        return ", ".join(f"{each.quantity} × {each.line.sku}" for each in receipt.lines.all())


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(OwnChoices, RefusalsShown, ScopedAdmin):
    """Orders of the departments' suppliers and to the stores within reach."""

    access_area = "procurement"
    department_path = "supplier__department"
    store_path = "store"
    departments_choose_any_store = True
    form = PurchaseOrderForm
    inlines = [LineInline, ReceiptInline]
    list_display = ["number", "supplier", "store", "shown_state", "origin", "shown_total", "created_at"]
    list_filter = [
        "state",
        "origin",
        ("supplier", admin.RelatedOnlyFieldListFilter),
        ("store", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["supplier", "store"]
    search_fields = ["number", "supplier__name", "lines__sku"]
    ordering = ["-pk"]
    actions_detail = ["place", "receive", "cancel", "as_pdf", "as_xlsx"]

    @display(description=_("state"), label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, order: PurchaseOrder) -> tuple[str, str]:
        """With its colour."""
        return order.state, order.get_state_display()

    @admin.display(description=_("total"))
    def shown_total(self, order: PurchaseOrder) -> str:
        return shown_amount(order.total)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).prefetch_related("lines")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        own = ["supplier", "store", "expected_on", "note"]
        if obj is None:
            return own
        state = ["number", "state", "origin", *own, "shown_total", "placed_at", "received_at"]
        rest = ["cancelled_at", "cancel_reason"] if obj.state == State.CANCELLED else []
        return [*state, *rest, *(["expected_version"] if obj.state == State.DRAFT else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return []
        fixed = ["supplier", "store", "number", "state", "origin", "shown_total"]
        moments = ["placed_at", "received_at", "cancelled_at", "cancel_reason"]
        return [*fixed, *moments, *([] if obj.state == State.DRAFT else ["expected_on", "note"])]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "supplier":
            kwargs["queryset"] = suppliers_within(request.user, "procurement:write")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only drafts are edited; the rest of an order's life is in its actions."""
        is_editable = obj is None or obj.state == State.DRAFT
        return is_editable and super().has_change_permission(request, obj)

    def has_place_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """A draft within reach."""
        return self._may_step(request, object_id, (State.DRAFT,))

    def has_receive_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """A placed one within reach."""
        return self._may_step(request, object_id, (State.PLACED,))

    def has_cancel_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """An open one within reach."""
        return self._may_step(request, object_id, OPEN_STATES)

    def has_document_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One that may be looked at."""
        return self.get_object(request, object_id) is not None

    def save_model(self, request: HttpRequest, obj: PurchaseOrder, form: PurchaseOrderForm, change: bool) -> None:
        if change:
            services.change_draft(
                order_id=obj.pk,
                expected_version=form.cleaned_data["expected_version"],
                changes=changed_columns(form),
                actor_id=request.user.pk,
            )
            return
        made = services.draft_order(
            supplier=obj.supplier,
            store=obj.store,
            lines=[],
            note=obj.note,
            expected_on=obj.expected_on,
            actor_id=request.user.pk,
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    def save_formset(
        self, request: HttpRequest, form: Any, formset: "BaseInlineFormSet[Any, Any, Any]", change: bool
    ) -> None:
        """All lines at once: the service puts them in the place of those that were."""
        formset.save(commit=False)
        if formset.model is not PurchaseOrderLine or not formset.has_changed():
            return
        rows = [row.cleaned_data for row in formset.forms if row.cleaned_data.get("variant")]
        order = PurchaseOrder.objects.get(pk=form.instance.pk)
        services.change_draft(
            order_id=order.pk,
            expected_version=None,
            lines=[_wanted(row, order.currency) for row in rows if not row.get("DELETE")],
            actor_id=request.user.pk,
        )

    @action(  # type: ignore[untyped-decorator]
        description=_("Place"),
        icon="send",
        permissions=["place"],
        dialog={
            "title": _("Place the order"),
            "description": _("The supplier has it then; its lines do not change any more."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Place"),
        },
    )
    def place(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """It goes out."""
        return self._step(request, object_id, gettext("The order was placed."), services.place_order)

    @action(  # type: ignore[untyped-decorator]
        description=_("Receive"),
        icon="input",
        permissions=["receive"],
        dialog={
            "title": _("Receive goods"),
            "description": _("What came in of each line. Stock rises, and costs follow the order's."),
            "form_class": ReceiveGoodsForm,
            "form_submit_text": _("Receive"),
        },
    )
    def receive(self, request: HttpRequest, form: ReceiveGoodsForm, object_id: str) -> HttpResponse:
        """Goods came in."""
        return self._step(
            request,
            object_id,
            gettext("The goods were received."),
            services.receive_goods,
            lines=form.received,
            idem_key=f"admin:{form.cleaned_data['idem_key']}",
            delivery_note=form.cleaned_data["delivery_note"],
        )

    @action(  # type: ignore[untyped-decorator]
        description=_("Cancel"),
        icon="cancel",
        permissions=["cancel"],
        dialog={
            "title": _("Cancel the order"),
            "description": _("Nothing more of it is awaited; what came in stays in."),
            "form_class": CancelOrderForm,
            "form_submit_text": _("Cancel the order"),
        },
    )
    def cancel(self, request: HttpRequest, form: CancelOrderForm, object_id: str) -> HttpResponse:
        """It is over."""
        reason = form.cleaned_data["reason"]
        return self._step(request, object_id, gettext("The order was cancelled."), services.cancel_order, reason=reason)

    @action(description="PDF", icon="picture_as_pdf", permissions=["document"])  # type: ignore[untyped-decorator]
    def as_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To read."""
        return self._file(request, object_id, "pdf")

    @action(description="XLSX", icon="table_view", permissions=["document"])  # type: ignore[untyped-decorator]
    def as_xlsx(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To work with."""
        return self._file(request, object_id, "xlsx")

    def _may_step(self, request: HttpRequest, object_id: str | UUID, states: Any) -> bool:
        order = self.get_object(request, object_id)
        return order is not None and order.state in states and self._may(request, "write", order)

    def _step(self, request: HttpRequest, object_id: str, done: str, act: Any, **options: Any) -> HttpResponse:
        try:
            if act is not services.receive_goods:
                options["expected_version"] = None
            act(order_id=UUID(str(object_id)), at=timezone.now(), actor_id=request.user.pk, **options)
            messages.success(request, done)
        except DomainError as error:
            show_refusal(request, error)
        # The dialog is sent by htmx: this header takes the whole page along.
        return HttpResponse(headers={"HX-Redirect": reverse(CHANGE, args=[object_id])})

    def _file(self, request: HttpRequest, object_id: str, kind: str) -> HttpResponse:
        made = document_of(PurchaseOrder.objects.select_related("supplier", "store").get(pk=object_id), kind)
        headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
        return HttpResponse(made.content, content_type=made.content_type, headers=headers)


def _wanted(row: dict[str, Any], currency: str) -> LineWanted:
    """Raises `MalformedAmountError` for too many decimals."""
    amount = row.get("unit_cost")
    cost = None if amount is None else Money.parse(f"{amount.normalize():f}", currency)
    return LineWanted(row["variant"].pk, row["quantity"], cost)
