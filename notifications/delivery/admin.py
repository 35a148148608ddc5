"""The delivery queue: what waits, what went out, what was set aside; the last may get another try."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline, ServiceAdmin
from marketplace.core.errors import DomainError
from notifications.rates.models import SendingRate
from notifications.rates.services import drop_rate, set_rate

from .models import Delivery, Straggler, Suppression
from .services import lift_suppression, requeue_delivery, requeue_stragglers

STATE_COLOURS = {
    Delivery.State.PENDING: "warning",
    Delivery.State.DONE: "success",
    Delivery.State.PARKED: "danger",
}


def _acting(request: HttpRequest) -> UUID:
    return cast(UUID, request.user.pk)


class StragglerInline(ReadOnlyInline):
    """Who did not get it with the others, and why."""

    model = Straggler
    fields = ["customer", "state", "reason", "attempts", "due_at", "last_error"]
    readonly_fields = fields
    ordering = ["-state", "due_at"]
    per_page = 50


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Batches of the queue."""

    list_display = ["id", "channel", "message", "shown_state", "sent_count", "refused_count", "attempts", "done_at"]
    list_select_related = ["message"]
    list_filter = ["state", "channel"]
    ordering = ["-id"]
    inlines = [StragglerInline]
    actions = ["try_again", "try_stragglers_again"]

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, delivery: Delivery) -> tuple[str, str]:
        """With its colour."""
        return delivery.state, delivery.get_state_display()

    @admin.action(description=_("Try parked deliveries again"), permissions=["requeue"])
    def try_again(self, request: HttpRequest, rows: "QuerySet[Delivery]") -> None:
        """Five more attempts for each parked one; the others are passed over."""
        count = 0
        for delivery in rows:
            try:
                requeue_delivery(delivery=delivery, actor_id=_acting(request))
            except DomainError:
                continue
            count += 1
        text = ngettext("%d delivery will be tried again.", "%d deliveries will be tried again.", count) % count
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)

    @admin.action(description=_("Try recipients again who were given up"), permissions=["requeue"])
    def try_stragglers_again(self, request: HttpRequest, rows: "QuerySet[Delivery]") -> None:
        """Five more attempts for each of them."""
        count = 0
        for delivery in rows:
            try:
                count += requeue_stragglers(delivery=delivery, actor_id=_acting(request))
            except DomainError:
                continue
        text = ngettext("%d recipient will be tried again.", "%d recipients will be tried again.", count) % count
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)

    def has_requeue_permission(self, request: HttpRequest) -> bool:
        """Django's change permission, although the rows themselves are read-only."""
        return request.user.has_perm("notifications.change_delivery")


class SendingRateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A channel's limit."""

    class Meta:
        model = SendingRate
        fields = ["channel", "per_second", "burst"]

    def clean_per_second(self) -> int:
        """At least one."""
        return self._at_least_one("per_second")

    def clean_burst(self) -> int:
        """At least one."""
        return self._at_least_one("burst")

    def _at_least_one(self, name: str) -> int:
        value: int = self.cleaned_data[name]
        if value < 1:
            raise forms.ValidationError(_("At least one."))
        return value


@admin.register(SendingRate)
class SendingRateAdmin(ServiceAdmin):
    """How fast each channel may be used; a channel without a row as fast as it goes."""

    form = SendingRateForm
    list_display = ["channel", "per_second", "burst"]
    ordering = ["channel"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["channel"]

    def save_model(self, request: HttpRequest, obj: SendingRate, form: Any, change: bool) -> None:
        values = {"per_second": form.cleaned_data["per_second"], "burst": form.cleaned_data["burst"]}
        saved = set_rate(channel=obj.channel, actor_id=_acting(request), **values)
        obj.filled_at, obj._state.adding = saved.filled_at, False

    def delete_model(self, request: HttpRequest, obj: SendingRate) -> None:
        drop_rate(rate=obj, actor_id=_acting(request))

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[SendingRate]") -> None:
        self.each(request, queryset, lambda rate: self.delete_model(request, rate))


@admin.register(Suppression)
class SuppressionAdmin(ServiceAdmin):
    """Addresses nobody writes to any more; deleting one lets mails go there again."""

    list_display = ["created_at", "channel", "reason", "detail", "address_hash"]
    list_filter = ["channel", "reason"]
    search_fields = ["=address_hash"]
    ordering = ["-id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Suppression) -> None:
        lift_suppression(suppression=obj, actor_id=_acting(request))

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Suppression]") -> None:
        self.each(request, queryset, lambda row: self.delete_model(request, row))
