"""Parcels in the back office: where they are, and their next step."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from marketplace.core import access
from marketplace.core.admin import ReadOnlyInline, ScopedAdmin, ServiceAdmin
from marketplace.core.admin_forms import show_refusal
from marketplace.core.errors import DomainError
from purchases.shipments import services
from purchases.shipments.models import Shipment, ShipmentEvent, ShipmentLine
from purchases.shipments.selectors import ORDERS, where_orders

State = Shipment.State
COLOURS = {
    State.PACKED: "info",
    State.SHIPPED: "warning",
    State.DELIVERED: "success",
    State.LOST: "danger",
    State.CANCELLED: "",
}


class SendForm(BaseDialogForm):
    """By whom it goes, and how it is followed; all of it if one has it."""

    carrier = forms.CharField(label=_("carrier"), max_length=80, required=False, widget=UnfoldAdminTextInputWidget)
    tracking = forms.CharField(
        label=_("tracking number"), max_length=120, required=False, widget=UnfoldAdminTextInputWidget
    )
    tracking_url = forms.CharField(
        label=_("tracking page"), max_length=500, required=False, widget=UnfoldAdminTextInputWidget
    )


class NoteForm(BaseDialogForm):
    """What the customer reads about it."""

    note = forms.CharField(label=_("note"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget)


class ShipmentLineInline(ReadOnlyInline):
    """What is in it."""

    model = ShipmentLine
    fields = ["sku", "name", "quantity"]
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("line").order_by("pk")

    @admin.display(description=_("SKU"))
    def sku(self, line: ShipmentLine) -> str:
        return line.line.sku

    @admin.display(description=_("name"))
    def name(self, line: ShipmentLine) -> str:
        return line.line.name


class ShipmentEventInline(ReadOnlyInline):
    """What happened to it."""

    model = ShipmentEvent
    fields = ["at", "from_state", "to_state", "actor_id", "note"]
    readonly_fields = fields
    ordering = ["pk"]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True


@admin.register(Shipment)
class ShipmentAdmin(ServiceAdmin, ScopedAdmin):
    """Parcels of the stores one sends for; they are made on the order's page and changed by their steps only."""

    access_area = ORDERS
    store_path = "part__store"
    list_display = ["order_number", "store", "shown_state", "carrier", "tracking", "created_at", "shipped_at"]
    list_filter = ["state", ("part__store", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["part__order", "part__store"]
    search_fields = ["part__order__number", "tracking"]
    date_hierarchy = "created_at"
    ordering = ["-pk"]
    fields = [
        "order_number",
        "store",
        "state",
        "carrier",
        "tracking",
        "tracking_link",
        "address",
        "created_at",
        "shipped_at",
        "delivered_at",
    ]
    readonly_fields = fields
    inlines = [ShipmentLineInline, ShipmentEventInline]
    actions = ["ship", "deliver"]
    actions_detail = ["send", "arrived", "lost", "take_apart"]

    @admin.display(description=_("order"), ordering="part__order__number")
    def order_number(self, shipment: Shipment) -> str:
        return shipment.part.order.number

    @admin.display(description=_("store"), ordering="part__store__name")
    def store(self, shipment: Shipment) -> str:
        return str(shipment.part.store)

    @display(description=_("state"), ordering="state", label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, shipment: Shipment) -> tuple[str, str]:
        """With its colour."""
        return shipment.state, shipment.get_state_display()

    @admin.display(description=_("tracking page"))
    def tracking_link(self, shipment: Shipment) -> str:
        if not shipment.tracking_url:
            return "—"
        return format_html('<a href="{0}" rel="noreferrer noopener" target="_blank">{0}</a>', shipment.tracking_url)

    @admin.display(description=_("address"))
    def address(self, shipment: Shipment) -> str:
        return ", ".join(str(value) for value in shipment.part.order.shipping_address.values() if value) or "—"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows = Shipment.objects.select_related("part__order", "part__store").order_by("-pk")
        return access.within(rows, where_orders(request.user), store_path=self.store_path)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def _may(self, request: HttpRequest, verb: str, obj: Any) -> bool:
        where = where_orders(request.user, verb)
        return not where.is_empty if obj is None else where.covers(store_id=obj.part.store_id)

    # --- of the list

    def has_move_permission(self, request: HttpRequest) -> bool:
        """Whoever sends parcels somewhere; the list has only those."""
        return self._may(request, "write", None)

    @admin.action(description=_("Send"), permissions=["move"])
    def ship(self, request: HttpRequest, rows: "QuerySet[Shipment]") -> None:
        """All of them are with their carriers."""
        self._each(request, rows, services.ship_shipment)

    @admin.action(description=_("Delivered"), permissions=["move"])
    def deliver(self, request: HttpRequest, rows: "QuerySet[Shipment]") -> None:
        """All of them arrived."""
        self._each(request, rows, services.deliver_shipment)

    def _each(self, request: HttpRequest, rows: "QuerySet[Shipment]", step: Any) -> None:
        mine = access.within(
            Shipment.objects.filter(pk__in=rows.values("pk")),
            where_orders(request.user, "write"),
            store_path=self.store_path,
        )
        by: dict[str, Any] = {"actor_id": request.user.pk, "at": timezone.now()}
        self.each(request, mine.order_by("pk"), lambda shipment: step(shipment_id=shipment.pk, **by))

    # --- of one

    def has_send_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """A packed one within reach."""
        return self._may_step(request, object_id, State.PACKED)

    def has_end_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One on its way, within reach."""
        return self._may_step(request, object_id, State.SHIPPED)

    @action(  # type: ignore[untyped-decorator]
        description=_("Send"),
        icon="local_shipping",
        permissions=["send"],
        dialog={
            "title": _("Hand it to the carrier"),
            "description": _("The customer is told. From here on the order cannot be cancelled."),
            "form_class": SendForm,
            "form_submit_text": _("Send"),
        },
    )
    def send(self, request: HttpRequest, form: SendForm, object_id: str) -> HttpResponse:
        """It is on its way."""
        said = {name: form.cleaned_data[name] for name in ("carrier", "tracking", "tracking_url")}
        return self._step(request, object_id, services.ship_shipment, **said)

    @action(  # type: ignore[untyped-decorator]
        description=_("Delivered"),
        icon="inventory",
        permissions=["end"],
        dialog={
            "title": _("It arrived"),
            "description": _("With the last parcel of a store its money is shared out."),
            "form_class": NoteForm,
            "form_submit_text": _("Delivered"),
        },
    )
    def arrived(self, request: HttpRequest, form: NoteForm, object_id: str) -> HttpResponse:
        """It arrived."""
        return self._step(request, object_id, services.deliver_shipment, note=form.cleaned_data["note"])

    @action(  # type: ignore[untyped-decorator]
        description=_("Lost"),
        icon="report",
        permissions=["end"],
        dialog={
            "title": _("It was lost on its way"),
            "description": _("Its units are to be packed again, from the shelf. A lost parcel stays lost."),
            "form_class": NoteForm,
            "form_submit_text": _("Lost"),
        },
    )
    def lost(self, request: HttpRequest, form: NoteForm, object_id: str) -> HttpResponse:
        """It will not arrive."""
        return self._step(request, object_id, services.lose_shipment, note=form.cleaned_data["note"])

    @action(  # type: ignore[untyped-decorator]
        description=_("Take apart"),
        icon="unarchive",
        permissions=["send"],
        dialog={
            "title": _("Take the parcel apart"),
            "description": _("Its units are to be packed again."),
            "form_class": NoteForm,
            "form_submit_text": _("Take apart"),
        },
    )
    def take_apart(self, request: HttpRequest, form: NoteForm, object_id: str) -> HttpResponse:
        """It is no parcel any more."""
        return self._step(request, object_id, services.unpack_shipment, note=form.cleaned_data["note"])

    def _may_step(self, request: HttpRequest, object_id: str | UUID, state: str) -> bool:
        shipment: Any = self.get_object(request, str(object_id))
        return shipment is not None and shipment.state == state and self._may(request, "write", shipment)

    def _step(self, request: HttpRequest, object_id: str, act: Any, **options: Any) -> HttpResponse:
        try:
            act(shipment_id=UUID(str(object_id)), at=timezone.now(), actor_id=request.user.pk, **options)
            messages.success(request, gettext("Done."))
        except DomainError as error:
            show_refusal(request, error)
        # The dialog is sent by htmx: this header takes the whole page along.
        return HttpResponse(headers={"HX-Redirect": reverse("admin:purchases_shipment_change", args=[object_id])})
