"""The queue of returns: decided with words, received line by line."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from marketplace.core.admin import HistoryShown, ReadOnlyAdmin, ReadOnlyInline
from marketplace.core.admin_forms import show_refusal
from marketplace.core.admin_recent import asks_again
from marketplace.core.errors import DomainError
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money
from purchases.desk.dialogs import AnswerForm, ReceiveForm, RefusalForm
from purchases.desk.labels import RETURN_COLOURS
from purchases.desk.sheet import by_urgency, returns_with_lines
from purchases.orders import services
from purchases.orders.models import OrderReturn, ReturnLine

VIEW, CHANGE = "purchases.view_order", "purchases.change_order"
"""Whoever looks after orders looks after what comes back of them."""

State = OrderReturn.State


class ReturnLineInline(ReadOnlyInline):
    """What comes back."""

    model = ReturnLine
    fields = ["sku", "article", "quantity", "fate", "refund"]
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Part of the return."""
        return True

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("line", "order_return__order").order_by("line__sku", "pk")

    @admin.display(description=_("SKU"))
    def sku(self, row: ReturnLine) -> str:
        return row.line.sku

    @admin.display(description=_("article"))
    def article(self, row: ReturnLine) -> str:
        return row.line.name

    @admin.display(description=_("refund"))
    def refund(self, row: ReturnLine) -> str:
        returned = row.order_return
        return (
            shown_amount(Money(row.refund_minor, returned.order.currency)) if returned.state == State.RECEIVED else "—"
        )


@admin.register(OrderReturn)
class OrderReturnAdmin(HistoryShown, ReadOnlyAdmin):
    """Whoever waits for an answer first, and of those who waits longest."""

    list_display = ["shown_order", "customer", "shown_state", "contents", "reason", "asked_at", "shown_refund"]
    list_display_links = ["contents"]
    list_filter = ["state"]
    search_fields = ["order__number", "order__customer__email"]
    ordering = [by_urgency(), "pk"]
    show_full_result_count = False
    inlines = [ReturnLineInline]
    fields = [
        *("shown_order", "customer", "state", "reason", "answer"),
        *("asked_at", "received_at", "shown_refund"),
    ]
    readonly_fields = fields
    actions_detail = ["approve", "refuse", "receive"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[OrderReturn]":
        return returns_with_lines()

    @admin.display(description=_("order"), ordering="order__number")
    def shown_order(self, returned: OrderReturn) -> str:
        """A way to it."""
        url = reverse("admin:purchases_order_change", args=[returned.order_id])
        return format_html('<a class="font-semibold text-primary-600" href="{}">{}</a>', url, returned.order.number)

    @admin.display(description=_("customer"))
    def customer(self, returned: OrderReturn) -> str:
        return str(returned.order.customer)

    @display(description=_("state"), label=RETURN_COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, returned: OrderReturn) -> tuple[str, str]:
        """With its colour."""
        return returned.state, returned.get_state_display()

    @admin.display(description=_("asked at"), ordering="pk")
    def asked_at(self, returned: OrderReturn) -> str:
        return formats.date_format(timezone.localtime(returned.created_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("what"))
    def contents(self, returned: OrderReturn) -> str:
        return ", ".join(f"{row.quantity} × {row.line.sku}" for row in returned.lines.all())

    @admin.display(description=_("refund"))
    def shown_refund(self, returned: OrderReturn) -> str:
        return shown_amount(returned.refund) if returned.state == State.RECEIVED else "—"

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Asked for once a request: each action of the page wants to know the state."""
        kept = getattr(request, "return_at_desk", None)
        if kept is None or str(kept.pk) != str(object_id):
            kept = super().get_object(request, object_id, from_field)
            request.return_at_desk = kept  # type: ignore[attr-defined]
        return kept

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(VIEW) or request.user.has_perm(CHANGE)

    def has_decide_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One that waits for an answer."""
        return self._may_step(request, object_id, State.REQUESTED)

    def has_receive_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One that is on its way."""
        return self._may_step(request, object_id, State.APPROVED)

    @action(  # type: ignore[untyped-decorator]
        description=_("Approve"),
        icon="thumb_up",
        permissions=["decide"],
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": _("Approve the return"),
            "description": _("The customer may send it. Money goes back when it is here."),
            "form_class": AnswerForm,
            "form_submit_text": _("Approve"),
        },
    )
    def approve(self, request: HttpRequest, form: AnswerForm, object_id: str) -> HttpResponse:
        """Yes."""
        answer = form.cleaned_data["answer"]
        done = gettext("The return is approved.")
        return self._step(request, object_id, done, services.approve_return, answer=answer)

    @action(  # type: ignore[untyped-decorator]
        description=_("Refuse"),
        icon="thumb_down",
        permissions=["decide"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Refuse the return"),
            "description": _("The customer keeps it, and reads why."),
            "form_class": RefusalForm,
            "form_submit_text": _("Refuse"),
        },
    )
    def refuse(self, request: HttpRequest, form: RefusalForm, object_id: str) -> HttpResponse:
        """No."""
        answer = form.cleaned_data["answer"]
        done = gettext("The return is refused.")
        return self._step(request, object_id, done, services.refuse_return, answer=answer)

    @action(  # type: ignore[untyped-decorator]
        description=_("Receive"),
        icon="move_to_inbox",
        permissions=["receive"],
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": _("Receive what came back"),
            "description": _("The money goes back to the customer at once; good units go back on the shelf."),
            "form_class": ReceiveForm,
            "form_submit_text": _("Receive and pay back"),
        },
    )
    @asks_again
    def receive(self, request: HttpRequest, form: ReceiveForm, object_id: str) -> HttpResponse:
        """It is here: money moves, so it is asked who that is."""
        done = gettext("The return is received, the money went back.")
        options = {"fates": form.fates, "at": timezone.now()}
        return self._step(request, object_id, done, services.receive_return, **options)

    def _may_step(self, request: HttpRequest, object_id: str | UUID, state: str) -> bool:
        if not request.user.has_perm(CHANGE):
            return False
        returned = self.get_object(request, str(object_id))
        return returned is not None and returned.state == state

    def _step(self, request: HttpRequest, object_id: str, done: str, act: Any, **options: Any) -> HttpResponse:
        try:
            returned = act(return_id=UUID(str(object_id)), actor_id=request.user.pk, **options)
            messages.success(request, done)
        except DomainError as error:
            show_refusal(request, error)
            returned = OrderReturn.objects.get(pk=object_id)
        own = reverse("admin:purchases_orderreturn_change", args=[object_id])
        order = reverse("admin:purchases_order_change", args=[returned.order_id])
        # Back to where the dialog was opened: the order's page has the same buttons.
        is_from_order = urlsplit(request.headers.get("HX-Current-URL", "")).path == order
        return HttpResponse(headers={"HX-Redirect": order if is_from_order else own})
