"""Members, their points and what they took: books to look at, dialogs with a reason, the report of what is owed."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from marketplace.core.admin import HistoryShown, ReadOnlyAdmin, ReadOnlyInline
from marketplace.core.admin_forms import show_refusal
from marketplace.core.errors import DomainError
from marketplace.core.formatting import shown_amount, shown_number
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from promotions.loyalty.models import LevelChange, LoyaltyDay, LoyaltyMember, PointsEntry, PointsLot, Redemption
from promotions.loyalty.reporting import liability
from promotions.loyalty.services.adjusting import MOST, adjust_points
from promotions.loyalty.services.vouchers import withdraw_voucher

from .worth import shown_worth

MAY_ADJUST = "promotions.add_pointsentry"
"""Django's permission of whoever may give and take points."""


def _shown(points: int, value: Money) -> tuple[str, str]:
    return shown_number(points), shown_amount(value)


class LotInline(ReadOnlyInline):
    """Where the points are."""

    model = PointsLot
    fields = ["earned_at", "expires_at", "points", "left", "reversed", "lapsed", "source"]
    readonly_fields = fields
    ordering = ["-pk"]
    per_page = 20


class EntryInline(ReadOnlyInline):
    """The statement."""

    model = PointsEntry
    fields = ["created_at", "kind", "points", "balance_after", "reason", "key"]
    readonly_fields = fields
    ordering = ["-pk"]
    per_page = 20


class LevelChangeInline(ReadOnlyInline):
    """Levels, one after the other."""

    model = LevelChange
    fields = ["at", "from_level", "to_level", "is_upgrade"]
    readonly_fields = fields
    ordering = ["-pk"]
    per_page = 10


class AdjustForm(BaseDialogForm):
    """So many points more or fewer, and why. The hidden key makes a double click one correction."""

    points = forms.IntegerField(
        label=_("points, with their sign"), min_value=-MOST, max_value=MOST, widget=UnfoldAdminIntegerFieldWidget
    )
    reason = forms.CharField(
        label=_("reason"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The customer reads it in the statement, and it stays there: no personal data."),
    )
    idem_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)


class ReasonForm(BaseDialogForm):
    """Why."""

    reason = forms.CharField(label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


def _acted(request: HttpRequest, page: str, object_id: str, act: Callable[[], object], done: str) -> HttpResponse:
    try:
        act()
        messages.success(request, done)
    except DomainError as error:
        show_refusal(request, error)
    # The dialog is sent by htmx: this header takes the whole page along.
    return HttpResponse(headers={"HX-Redirect": reverse(f"admin:{page}", args=[object_id])})


@admin.register(LoyaltyMember)
class LoyaltyMemberAdmin(HistoryShown, ReadOnlyAdmin):
    """Members, their points, and the report of what the programme owes."""

    list_display = ["customer", "level", "points", "owed", "earned_in_window", "level_since"]
    list_filter = ["level"]
    list_select_related = ["customer", "level"]
    search_fields = ["customer__email"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = ["customer", "level", "level_since", "points", "owed", "earned_in_window"]
    inlines = [LotInline, EntryInline, LevelChangeInline]
    actions_detail: ClassVar[list[str]] = ["adjust"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Also by the level's key: that is how figures of levels link here."""
        return lookup == "level__key" or super().lookup_allowed(lookup, value, request)

    def has_adjust_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """Whether the person may give and take points."""
        return bool(request.user.has_perm(MAY_ADJUST) and self.has_view_permission(request))

    @action(  # type: ignore[untyped-decorator]
        description=_("Correct points"),
        icon="tune",
        permissions=["adjust"],
        dialog={
            "title": _("Correct points"),
            "description": _("What is given expires like earned points; what is taken goes oldest first."),
            "form_class": AdjustForm,
            "form_submit_text": _("Correct"),
        },
    )
    def adjust(self, request: HttpRequest, form: AdjustForm, object_id: str) -> HttpResponse:
        """Points with a reason."""
        values = form.cleaned_data

        def act() -> object:
            return adjust_points(
                customer_id=LoyaltyMember.objects.get(pk=object_id).customer_id,
                points=values["points"],
                reason=values["reason"],
                key=str(values["idem_key"]),
                actor_id=request.user.pk,
                at=timezone.now(),
            )

        page = "promotions_loyaltymember_change"
        return _acted(request, page, object_id, act, gettext("The points were corrected."))

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.liability)
        return [path("liability/", page, name="promotions_loyaltymember_liability"), *super().get_urls()]

    def liability(self, request: HttpRequest) -> HttpResponse:
        """Every point that can be spent, by the month in which it expires."""
        if request.method != "GET" or not self.has_view_permission(request):
            raise PermissionDenied
        months = liability()
        points = sum(month.points for month in months)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("What points are owed"),
            "opts": self.opts,
            "months": [(month.month, *_shown(month.points, month.value)) for month in months],
            "together": _shown(points, sum((m.value for m in months[1:]), months[0].value)) if months else None,
        }
        return TemplateResponse(request, "admin/promotions/loyalty_liability.html", context)


@admin.register(PointsEntry)
class PointsEntryAdmin(ReadOnlyAdmin):
    """Every movement of points."""

    list_display = ["created_at", "member", "kind", "points", "balance_after", "reason"]
    list_filter = ["kind"]
    list_select_related = ["member"]
    search_fields = ["key", "member__customer__email"]
    ordering = ["-pk"]
    show_full_result_count = False


@admin.register(Redemption)
class RedemptionAdmin(HistoryShown, ReadOnlyAdmin):
    """What was taken, and where it stands."""

    list_display = ["created_at", "name", "kind", "cost", "worth", "state", "expires_at", "order_id"]
    list_filter = ["state", "kind"]
    search_fields = ["member__customer__email", "name"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = [
        *("member", "reward", "name", "kind", "cost", "worth", "state"),
        *("created_at", "expires_at", "used_at", "order_id", "journal_id"),
    ]
    readonly_fields = ["worth", "created_at"]
    actions_detail: ClassVar[list[str]] = ["withdraw"]

    def has_withdraw_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """Whether the person may give the points back."""
        return bool(request.user.has_perm(MAY_ADJUST) and self.has_view_permission(request))

    @admin.display(description=_("worth"))
    def worth(self, redemption: Redemption) -> str:
        """With the smallest order it is for."""
        return shown_worth(redemption)

    @action(  # type: ignore[untyped-decorator]
        description=_("Take back"),
        icon="undo",
        permissions=["withdraw"],
        dialog={
            "title": _("Take a voucher back"),
            "description": _("It cannot be used any more, and its points return to the customer."),
            "form_class": ReasonForm,
            "form_submit_text": _("Take back"),
        },
    )
    def withdraw(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """The points return."""

        def act() -> object:
            return withdraw_voucher(
                redemption_id=UUID(object_id),
                reason=form.cleaned_data["reason"],
                actor_id=request.user.pk,
                at=timezone.now(),
            )

        page = "promotions_redemption_change"
        return _acted(request, page, object_id, act, gettext("The points are the customer's again."))


@admin.register(LoyaltyDay)
class LoyaltyDayAdmin(ReadOnlyAdmin):
    """The programme's days in figures."""

    list_display = ["day", "earned", "reversed", "redeemed", "expired", "adjusted", "upgrades", "downgrades"]
    ordering = ["-day"]
