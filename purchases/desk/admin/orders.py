"""The order page: looked at as a whole, moved by actions of its state, edited by nobody."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from marketplace.core.admin import ReadOnlyAdmin, ServiceAdmin
from marketplace.core.admin_forms import show_refusal
from marketplace.core.admin_recent import asks_again
from marketplace.core.errors import DomainError
from marketplace.core.formatting import shown_amount
from purchases.call_offs.services import call_off_part
from purchases.desk import steps
from purchases.desk.dialogs import CallOffForm, ReasonForm
from purchases.desk.labels import (
    FULFILMENT,
    PARCEL_COLOURS,
    PAYMENT,
    PAYMENT_COLOURS,
    RETURN_COLOURS,
    STATE_COLOURS,
)
from purchases.desk.sheet import order_sheet, queues
from purchases.orders.models import Order
from purchases.orders.services import cancel_order
from purchases.orders.states import CANCELLABLE, fulfilment_state, payment_state

CHANGE = "purchases.change_order"


def on_one_line(value: Any) -> str:
    """Numbers and moments are read at a glance."""
    return format_html('<span class="whitespace-nowrap">{}</span>', value)


@admin.register(Order)
class OrderAdmin(ServiceAdmin, ReadOnlyAdmin):
    """An order is changed by steps of its state machine only."""

    list_display = [
        *("shown_number", "shown_customer", "shown_state", "shown_progress"),
        *("shown_total", "source", "shown_placed"),
    ]
    list_filter = [
        "state",
        "source",
        ("placed_at", RangeDateFilter),
        ("parts__store", admin.RelatedOnlyFieldListFilter),
    ]
    list_filter_submit = True
    search_fields = ["number", "customer__email", "lines__sku", "parts__shipments__tracking"]
    search_help_text = _("Number, address of the customer, SKU or tracking number.")
    list_select_related = ["customer"]
    ordering = ["-placed_at", "-pk"]
    show_full_result_count = False
    list_before_template = "admin/purchases/order_queues.html"
    change_form_template = "admin/purchases/order_sheet.html"
    fields = ["number"]
    actions = ["pack_chosen", "send_chosen", "deliver_chosen"]
    actions_detail = ["pack", "send", "deliver", "call_off", "cancel"]

    @admin.display(description=_("number"), ordering="number")
    def shown_number(self, order: Order) -> str:
        return on_one_line(order.number)

    @admin.display(description=_("customer"), ordering="customer__email")
    def shown_customer(self, order: Order) -> str:
        return str(order.customer)

    @display(description=_("state"), label=STATE_COLOURS, ordering="state")  # type: ignore[untyped-decorator]
    def shown_state(self, order: Order) -> tuple[str, str]:
        """With its colour."""
        return order.state, order.get_state_display()

    @admin.display(description=_("money · goods"))
    def shown_progress(self, order: Order) -> str:
        """What the state says of its money and of its goods."""
        payment, goods = PAYMENT[payment_state(order.state)], FULFILMENT[fulfilment_state(order.state)]
        return f"{payment} · {goods}"

    @admin.display(description=_("total"), ordering="total_minor")
    def shown_total(self, order: Order) -> str:
        return on_one_line(shown_amount(order.total))

    @admin.display(description=_("placed at"), ordering="placed_at")
    def shown_placed(self, order: Order) -> str:
        return on_one_line(formats.date_format(timezone.localtime(order.placed_at), "SHORT_DATETIME_FORMAT"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"queues": queues(), **(extra_context or {})})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Asked for once a request: each action of the page wants to know the state."""
        kept = getattr(request, "order_at_desk", None)
        if kept is None or str(kept.pk) != str(object_id):
            kept = super().get_object(request, object_id, from_field)
            request.order_at_desk = kept  # type: ignore[attr-defined]
        return kept

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        order = kwargs.get("obj")
        if order is not None:
            context |= {
                "sheet": order_sheet(order),
                "payment": PAYMENT[payment_state(order.state)],
                "payment_colour": PAYMENT_COLOURS[payment_state(order.state)],
                "is_paid": payment_state(order.state) == "paid",
                "state_colour": STATE_COLOURS[order.state],
                "may_move": request.user.has_perm(CHANGE),
                "may_see_customer": request.user.has_perm("users.view_user"),
                "return_colours": RETURN_COLOURS,
                "parcel_colours": PARCEL_COLOURS,
            }
        return super().render_change_form(request, context, *args, **kwargs)

    # --- one order

    def has_pack_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """A paid one."""
        return self._may_step(request, object_id, "pack")

    def has_send_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """A packed one."""
        return self._may_step(request, object_id, "send")

    def has_deliver_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """A sent one."""
        return self._may_step(request, object_id, "deliver")

    def has_call_off_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One of which something waits to be packed."""
        return self._may_step(request, object_id, "pack")

    def has_cancel_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One that is not on its way yet."""
        if not request.user.has_perm(CHANGE):
            return False
        order = self.get_object(request, str(object_id))
        return order is not None and order.state in CANCELLABLE

    @action(  # type: ignore[untyped-decorator]
        description=_("Pack"),
        icon="inventory_2",
        permissions=["pack"],
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": _("Pack the order"),
            "description": _("Everything in it is in its parcels. The customer cannot cancel it any more."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Pack"),
        },
    )
    def pack(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """It is in its parcels."""
        return self._step(request, object_id, gettext("The order is packed."), steps.pack)

    @action(  # type: ignore[untyped-decorator]
        description=_("Send"),
        icon="local_shipping",
        permissions=["send"],
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": _("Send the order"),
            "description": _("Everything in it is with the carrier. From here on it cannot be cancelled."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Send"),
        },
    )
    def send(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """It is on its way."""
        return self._step(request, object_id, gettext("The order is on its way."), steps.send)

    @action(  # type: ignore[untyped-decorator]
        description=_("Delivered"),
        icon="home",
        permissions=["deliver"],
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": _("The order has arrived"),
            "description": _("Its money is shared out between stores, house and tax."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Delivered"),
        },
    )
    def deliver(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """It is there."""
        return self._step(request, object_id, gettext("The order is delivered."), steps.deliver)

    @action(  # type: ignore[untyped-decorator]
        description=_("Call off what is not sent"),
        icon="remove_shopping_cart",
        permissions=["call_off"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Call off what will never be sent"),
            "description": _(
                "The customer gets back what these units cost, and the store's shipping when nothing of it is sent. "
                "Units in parcels stay: take a parcel apart first."
            ),
            "form_class": CallOffForm,
            "form_submit_text": _("Call off and pay back"),
        },
    )
    @asks_again
    def call_off(self, request: HttpRequest, form: CallOffForm, object_id: str) -> HttpResponse:
        """It will never be sent: money moves, so it is asked who that is."""
        said = {name: form.cleaned_data[name] for name in ("fate", "reason")}
        done = gettext("The units are called off, the money went back.")

        def act(*, order_id: UUID, **by: Any) -> None:
            call_off_part(part_id=form.part_id, quantities=form.quantities, **said, **by)

        return self._step(request, object_id, done, act)

    @action(  # type: ignore[untyped-decorator]
        description=_("Cancel the order"),
        icon="cancel",
        permissions=["cancel"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Cancel the order"),
            "description": _("What was paid goes back where it came from, the goods go back on the shelf."),
            "form_class": ReasonForm,
            "form_submit_text": _("Cancel the order"),
        },
    )
    @asks_again
    def cancel(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """It is called off: money moves, so it is asked who that is."""
        reason = form.cleaned_data["reason"]
        return self._step(request, object_id, gettext("The order is cancelled."), cancel_order, reason=reason)

    def _may_step(self, request: HttpRequest, object_id: str | UUID, name: str) -> bool:
        if not request.user.has_perm(CHANGE):
            return False
        order = self.get_object(request, str(object_id))
        return order is not None and order.state == steps.OFFERED[name][0]

    def _step(self, request: HttpRequest, object_id: str, done: str, act: Any, **options: Any) -> HttpResponse:
        try:
            act(order_id=UUID(str(object_id)), actor_id=request.user.pk, at=timezone.now(), **options)
            messages.success(request, done)
        except DomainError as error:
            show_refusal(request, error)
        # The dialog is sent by htmx: this header takes the whole page along.
        return HttpResponse(headers={"HX-Redirect": reverse("admin:purchases_order_change", args=[object_id])})

    # --- many orders

    def has_move_permission(self, request: HttpRequest) -> bool:
        """Looking is not moving."""
        return request.user.has_perm(CHANGE)

    @admin.action(description=_("Pack"), permissions=["move"])
    def pack_chosen(self, request: HttpRequest, orders: "QuerySet[Order]") -> None:
        """All of them are in their parcels."""
        self._each(request, orders, steps.pack)

    @admin.action(description=_("Send"), permissions=["move"])
    def send_chosen(self, request: HttpRequest, orders: "QuerySet[Order]") -> None:
        """All of them are on their way."""
        self._each(request, orders, steps.send)

    @admin.action(description=_("Delivered"), permissions=["move"])
    def deliver_chosen(self, request: HttpRequest, orders: "QuerySet[Order]") -> None:
        """All of them are there."""
        self._each(request, orders, steps.deliver)

    def _each(self, request: HttpRequest, orders: "QuerySet[Order]", act: Any) -> None:
        by: dict[str, Any] = {"actor_id": request.user.pk, "at": timezone.now()}
        self.each(request, orders.order_by("pk"), lambda order: act(order_id=order.pk, **by))
