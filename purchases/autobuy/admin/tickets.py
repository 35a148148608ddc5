"""The queue of what is bought in other shops: claimed, bought at its real cost, or given up with a reason."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from links import facade as links
from marketplace.core.admin import HistoryShown, ReadOnlyAdmin
from marketplace.core.admin_forms import show_refusal
from marketplace.core.admin_recent import asks_again
from marketplace.core.errors import DomainError
from marketplace.core.formatting import shown_amount
from purchases.autobuy import selectors, services
from purchases.autobuy.models import PurchaseTicket

from .dialogs import AskAgainForm, BoughtForm, ReasonForm

VIEW, CHANGE = "purchases.view_purchaseticket", "purchases.change_purchaseticket"
STATE_COLOURS: Final = {"open": "warning", "claimed": "info", "bought": "success", "given_up": "default"}
PACE_COLOURS: Final = {"late": "danger", "soon": "warning", "in_time": "success", "over": "default"}
SOON: Final = timedelta(hours=8)
HOLD_SOON: Final = timedelta(days=2)
MOST_EVIDENCE: Final = 20_000
"""Characters of a page that are shown."""

State = PurchaseTicket.State


class PaceFilter(admin.SimpleListFilter):
    """Which are late, and whose money is not on hold for long."""

    title = _("pace")
    parameter_name = "pace"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return [("late", _("late")), ("hold", _("money on hold not for long"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        now, waiting = timezone.now(), queryset.filter(state__in=[State.OPEN, State.CLAIMED])
        match self.value():
            case "late":
                return waiting.filter(due_at__lte=now)
            case "hold":
                return waiting.filter(held_until__lte=now + HOLD_SOON)
            case _:
                return queryset


@admin.register(PurchaseTicket)
class PurchaseTicketAdmin(HistoryShown, ReadOnlyAdmin):
    """What is to be bought first; of those whoever has waited longest."""

    list_display = ["what", "customer", "shown_state", "pace", "price", "held", "claimed_by", "shown_due", "shown_hold"]
    list_display_links = ["what"]
    list_filter = ["state", PaceFilter]
    search_fields = ["purchase__title", "purchase__customer__email", "url", "shop_reference"]
    ordering = [
        Case(When(state__in=[State.OPEN, State.CLAIMED], then=Value(0)), default=Value(1), output_field=IntegerField()),
        "due_at",
        "pk",
    ]
    show_full_result_count = False
    fields = [
        *("what", "customer", "state", "said_pace", "claimed_by", "shown_url", "price", "held", "delivery"),
        *("opened_at", "due_at", "held_until", "real_cost", "shop_reference", "tracking", "reason", "ended_at"),
        "evidence",
    ]
    readonly_fields = fields
    actions_detail = ["claim", "put_back", "bought", "give_up", "ask_again"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[PurchaseTicket]":
        return selectors.tickets()

    @admin.display(description=_("what"), ordering="purchase__title")
    def what(self, ticket: PurchaseTicket) -> str:
        return ticket.purchase.title or ticket.url

    @admin.display(description=_("customer"))
    def customer(self, ticket: PurchaseTicket) -> str:
        return str(ticket.purchase.customer)

    @display(description=_("state"), label=STATE_COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, ticket: PurchaseTicket) -> tuple[str, str]:
        """With its colour."""
        return ticket.state, ticket.get_state_display()

    @display(description=_("pace"), label=PACE_COLOURS)  # type: ignore[untyped-decorator]
    def pace(self, ticket: PurchaseTicket) -> tuple[str, str]:
        """Red when it should have been bought, yellow in the last hours before."""
        now = timezone.now()
        if ticket.state not in {State.OPEN, State.CLAIMED}:
            return "over", gettext("over")
        if ticket.due_at <= now:
            return "late", gettext("late")
        return ("soon", gettext("soon due")) if ticket.due_at - now <= SOON else ("in_time", gettext("in time"))

    @admin.display(description=_("pace"))
    def said_pace(self, ticket: PurchaseTicket) -> str:
        """Without its colour, which only lists have."""
        said: str = self.pace(ticket)[1]
        return said

    @admin.display(description=_("price"))
    def price(self, ticket: PurchaseTicket) -> str:
        return shown_amount(ticket.purchase.price)

    @admin.display(description=_("set aside"))
    def held(self, ticket: PurchaseTicket) -> str:
        return shown_amount(ticket.purchase.held)

    @admin.display(description=_("real cost"))
    def real_cost(self, ticket: PurchaseTicket) -> str:
        return "—" if ticket.purchase.cost is None else shown_amount(ticket.purchase.cost)

    @admin.display(description=_("to be bought by"), ordering="due_at")
    def shown_due(self, ticket: PurchaseTicket) -> str:
        return formats.date_format(timezone.localtime(ticket.due_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("money on hold until"), ordering="held_until")
    def shown_hold(self, ticket: PurchaseTicket) -> str:
        """Marked in its last days."""
        if ticket.held_until is None:
            return "—"
        until = formats.date_format(timezone.localtime(ticket.held_until), "SHORT_DATETIME_FORMAT")
        is_open = ticket.state in {State.OPEN, State.CLAIMED}
        is_near = is_open and ticket.held_until - timezone.now() <= HOLD_SOON
        return format_html('<strong class="text-red-600">{}</strong>', until) if is_near else until

    @admin.display(description=_("address of the page"))
    def shown_url(self, ticket: PurchaseTicket) -> str:
        """A way out, to a shop that is not told where from. Anything but a web address is only text."""
        if not ticket.url.startswith(("https://", "http://")):
            return ticket.url
        return format_html('<a href="{0}" rel="noreferrer noopener nofollow" target="_blank">{0}</a>', ticket.url)

    @admin.display(description=_("delivery address"))
    def delivery(self, ticket: PurchaseTicket) -> str:
        return ", ".join(str(value) for value in ticket.ship_to.values() if value)

    @admin.display(description=_("the page when its price was read"))
    def evidence(self, ticket: PurchaseTicket) -> str:
        """The source as it was fetched, as text: a stranger's page is never rendered here."""
        text = "" if ticket.snapshot_id is None else links.snapshot_text(ticket.snapshot_id)
        if not text:
            return gettext("It is not kept any more.")
        return format_html(
            '<details><summary>{}</summary><pre class="whitespace-pre-wrap">{}</pre></details>',
            gettext("Show its source"),
            text[:MOST_EVIDENCE],
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Asked for once a request: each action of the page wants to know the state."""
        kept = getattr(request, "ticket_at_desk", None)
        if kept is None or str(kept.pk) != str(object_id):
            kept = super().get_object(request, object_id, from_field)
            request.ticket_at_desk = kept  # type: ignore[attr-defined]
        return kept

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(VIEW) or request.user.has_perm(CHANGE)

    def has_take_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One that nobody has."""
        return self._may_step(request, object_id, State.OPEN)

    def has_return_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One that somebody has: a colleague may be ill."""
        return self._may_step(request, object_id, State.CLAIMED)

    def has_finish_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One's own."""
        ticket = self.get_object(request, str(object_id))
        return self._may_step(request, object_id, State.CLAIMED) and ticket.claimed_by_id == request.user.pk

    @action(  # type: ignore[untyped-decorator]
        description=_("Claim"),
        icon="back_hand",
        permissions=["take"],
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": _("Buy this"),
            "description": _("Nobody else buys it while you do."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Claim"),
        },
    )
    def claim(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """It is mine."""
        return self._step(request, object_id, gettext("It is yours."), services.claim)

    @action(  # type: ignore[untyped-decorator]
        description=_("Put back"),
        icon="undo",
        permissions=["return"],
        dialog={
            "title": _("Put it back"),
            "description": _("Somebody else may claim it."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Put back"),
        },
    )
    def put_back(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Somebody else's, please."""
        return self._step(request, object_id, gettext("It is in the queue again."), services.put_back)

    @action(  # type: ignore[untyped-decorator]
        description=_("Bought"),
        icon="shopping_bag",
        permissions=["finish"],
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": _("It is bought"),
            "description": _("The real cost is taken, the difference is the customer's again at once."),
            "form_class": BoughtForm,
            "form_submit_text": _("Take the cost"),
        },
    )
    @asks_again
    def bought(self, request: HttpRequest, form: BoughtForm, object_id: str) -> HttpResponse:
        """Money moves, so it is asked who that is."""
        values = form.cleaned_data
        return self._step(
            request,
            object_id,
            gettext("The cost is taken."),
            services.record_bought,
            cost=values["amount"],
            shop_reference=values["shop_reference"],
            tracking=values["tracking"],
            at=timezone.now(),
        )

    @action(  # type: ignore[untyped-decorator]
        description=_("Give up"),
        icon="block",
        permissions=["finish"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Give it up"),
            "description": _("All of the money is free again. The customer reads the reason."),
            "form_class": ReasonForm,
            "form_submit_text": _("Give up"),
        },
    )
    def give_up(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """It cannot be had."""
        done, reason = gettext("It is given up, the money is free."), form.cleaned_data["reason"]
        return self._step(request, object_id, done, services.give_up, reason=reason, at=timezone.now())

    @action(  # type: ignore[untyped-decorator]
        description=_("Ask the customer again"),
        icon="contact_support",
        permissions=["finish"],
        dialog={
            "title": _("It costs more"),
            "description": _("The money is free again, and the customer is asked about the new price."),
            "form_class": AskAgainForm,
            "form_submit_text": _("Ask"),
        },
    )
    def ask_again(self, request: HttpRequest, form: AskAgainForm, object_id: str) -> HttpResponse:
        """At another price, if at all."""
        values = form.cleaned_data
        return self._step(
            request,
            object_id,
            gettext("The customer is asked."),
            services.ask_again,
            price=values["amount"],
            reason=values["reason"],
            at=timezone.now(),
        )

    def _may_step(self, request: HttpRequest, object_id: str | UUID, state: str) -> bool:
        if not request.user.has_perm(CHANGE):
            return False
        ticket = self.get_object(request, str(object_id))
        return ticket is not None and ticket.state == state

    def _step(self, request: HttpRequest, object_id: str, done: str, act: Any, **options: Any) -> HttpResponse:
        try:
            act(ticket_id=UUID(str(object_id)), actor_id=request.user.pk, **options)
            messages.success(request, done)
        except DomainError as error:
            show_refusal(request, error)
        return HttpResponse(headers={"HX-Redirect": reverse("admin:purchases_purchaseticket_change", args=[object_id])})
