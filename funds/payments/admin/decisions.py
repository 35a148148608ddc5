"""Decisions about money: one form for all, carried out by services; a list where the second person says yes or no."""

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from funds.payments import services
from funds.payments.models import Decision, FundsPolicy
from marketplace.core import audit
from marketplace.core.admin import ReadOnlyAdmin, ServiceAdmin
from marketplace.core.admin_forms import MajorUnitsField, as_money
from marketplace.core.admin_recent import AsksAgain, asks_again
from marketplace.core.formatting import shown_amount
from marketplace.core.money import CURRENCIES

from .columns import AmountColumn, may_decide

COLOURS = {"waiting": "warning", "done": "success", "rejected": "danger"}
DIRECTIONS: Final = (("credit", _("give to the wallet")), ("debit", _("take from the wallet")))
_Kind = Decision.Kind
# What each kind is about: the form asks for exactly this.
ABOUT: Final[dict[str, tuple[str, ...]]] = {
    _Kind.RETRY: ("task",),
    _Kind.GIVE_UP: ("task",),
    _Kind.ACCEPT_PAYMENT: ("payment",),
    _Kind.DISMISS_PAYMENT: ("payment",),
    _Kind.REFUND: ("payment", "amount"),
    _Kind.PAYOUT_SETTLED: ("payout",),
    _Kind.PAYOUT_REFUSED: ("payout",),
    _Kind.ADJUST: ("customer", "amount", "direction"),
}


class DecisionForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is to be done, about what, and why."""

    amount = MajorUnitsField(label=_("amount"), required=False)
    currency = forms.ChoiceField(
        label=_("Currency"),
        required=False,
        choices=[(code, code) for code in sorted(CURRENCIES)],
        widget=UnfoldAdminSelectWidget,
        initial=settings.DEFAULT_CURRENCY,
    )
    direction = forms.ChoiceField(
        label=_("Direction"), choices=DIRECTIONS, required=False, widget=UnfoldAdminSelectWidget, initial="credit"
    )

    class Meta:
        model = Decision
        fields = ["kind", "task", "payment", "payout", "customer", "currency", "reason"]
        widgets = {"reason": UnfoldAdminTextareaWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"task", "payment", "payout", "customer"} & self.fields.keys():
            self.fields[name].required = False  # which of them is needed depends on the kind

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        missing = [name for name in ABOUT.get(values.get("kind", ""), ()) if not values.get(name)]
        for name in missing:
            self.add_error(name, ValidationError(_now("This decision needs it."), code="required"))
        if values.get("amount") and "currency" not in self.errors:
            try:
                values["money"] = as_money(values["amount"], values.get("currency") or settings.DEFAULT_CURRENCY)
            except ValidationError as error:
                self.add_error("amount", error)
        return values


@admin.register(Decision)
class DecisionAdmin(AsksAgain, AmountColumn, ServiceAdmin):
    """Made here, never changed. Above the policy's limit a second person carries them out or rejects them."""

    form = DecisionForm
    list_display = ["created_at", "kind", "amount_shown", "shown_state", "reason", "requested_by", "decided_by"]
    list_filter = ["state", "kind", "needs_second_person"]
    search_fields = ["id__exact", "reason"]
    ordering = ["-id"]
    show_full_result_count = False
    raw_id_fields = ["task", "payment", "payout", "customer"]
    actions = ["approve", "reject"]

    @display(description=_("state"), label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, decision: Decision) -> tuple[str, str]:
        """With its colour."""
        return decision.state, decision.get_state_display()

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is None:
            return _fields_for(request.POST.get("kind") or request.GET.get("kind") or "")
        return [
            "kind",
            "task",
            "payment",
            "payout",
            "customer",
            "amount_shown",
            "reason",
            "state",
            "needs_second_person",
            "requested_by",
            "decided_by",
            "decided_at",
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return [] if obj is None else self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_decide(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Decision, form: DecisionForm, change: bool) -> None:
        """Through the service; what it made is the object."""
        made = _SERVICES[form.cleaned_data["kind"]](
            form.cleaned_data,
            {"reason": form.cleaned_data["reason"], "actor_id": request.user.pk, "at": timezone.now()},
        )
        obj.__dict__.update(made.__dict__)

    @admin.action(description=_("Carry out (as the second person)"), permissions=["add"])
    @asks_again
    def approve(self, request: HttpRequest, rows: "QuerySet[Decision]") -> None:
        """One after the other; each refusal is shown."""
        self.each(
            request,
            rows,
            lambda row: services.approve_decision(decision_id=row.pk, actor_id=_person(request), at=timezone.now()),
        )

    @admin.action(description=_("Reject"), permissions=["add"])
    @asks_again
    def reject(self, request: HttpRequest, rows: "QuerySet[Decision]") -> None:
        """Nothing has moved, nothing will."""
        self.each(
            request,
            rows,
            lambda row: services.reject_decision(decision_id=row.pk, actor_id=_person(request), at=timezone.now()),
        )


@admin.register(FundsPolicy)
class FundsPolicyAdmin(AsksAgain, ReadOnlyAdmin):
    """Limits by currency. A new row is a new version; the newest is in force."""

    list_display = ["created_at", "currency", "shown_limit"]
    list_filter = ["currency"]
    ordering = ["-id"]
    fields = ["currency", "second_person_above_minor"]

    @admin.display(description=_("second person above"))
    def shown_limit(self, policy: FundsPolicy) -> str:
        """Major units."""
        return shown_amount(policy.limit)

    def save_model(self, request: HttpRequest, obj: FundsPolicy, form: Any, change: bool) -> None:
        """A new version, in the audit trail."""
        super().save_model(request, obj, form, change)
        audit.record(actor_id=_person(request), action="funds.set_policy", subject=obj, after={"limit": str(obj.limit)})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


def _fields_for(kind: str) -> list[Any]:
    """What the form asks for: only what the kind needs, everything while it is open."""
    about = set(ABOUT.get(kind, ("task", "payment", "payout", "customer", "amount", "direction")))
    if kind == _Kind.ACCEPT_PAYMENT:
        about.add("customer")  # for one that came under an unknown reference
    amounts = tuple(name for name in ("amount", "currency", "direction") if name in about | {"currency"})
    subjects = [name for name in ("task", "payment", "payout", "customer") if name in about]
    return ["kind", *subjects, *([amounts] if "amount" in about else []), "reason"]


def _person(request: HttpRequest) -> Any:
    return request.user.pk


def _adjust(values: dict[str, Any], by: dict[str, Any]) -> Decision:
    return services.adjust_wallet(
        customer_id=values["customer"].pk, amount=values["money"], is_credit=values["direction"] == "credit", **by
    )


def _accept(values: dict[str, Any], by: dict[str, Any]) -> Decision:
    customer = values.get("customer")
    return services.accept_payment(
        payment_id=values["payment"].pk, customer_id=None if customer is None else customer.pk, **by
    )


_SERVICES: Final[dict[str, Callable[[dict[str, Any], dict[str, Any]], Decision]]] = {
    _Kind.RETRY: lambda values, by: services.retry_task(task_id=values["task"].pk, **by),
    _Kind.GIVE_UP: lambda values, by: services.give_up_task(task_id=values["task"].pk, **by),
    _Kind.ACCEPT_PAYMENT: _accept,
    _Kind.DISMISS_PAYMENT: lambda values, by: services.dismiss_payment(payment_id=values["payment"].pk, **by),
    _Kind.REFUND: lambda values, by: services.refund_payment(
        payment_id=values["payment"].pk, amount=values["money"], **by
    ),
    _Kind.PAYOUT_SETTLED: lambda values, by: services.settle_payout_by_hand(payout_id=values["payout"].pk, **by),
    _Kind.PAYOUT_REFUSED: lambda values, by: services.refuse_payout_by_hand(payout_id=values["payout"].pk, **by),
    _Kind.ADJUST: _adjust,
}
