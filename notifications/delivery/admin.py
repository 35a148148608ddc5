"""The delivery queue: what waits, what went out, what was set aside; the last may get another try."""

from typing import cast
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from marketplace.core.admin import ReadOnlyAdmin
from marketplace.core.errors import DomainError

from .models import Delivery
from .services import requeue_delivery

STATE_COLOURS = {
    Delivery.State.PENDING: "warning",
    Delivery.State.DONE: "success",
    Delivery.State.PARKED: "danger",
}


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Batches of the queue."""

    list_display = ["id", "channel", "message", "shown_state", "sent_count", "refused_count", "attempts", "done_at"]
    list_select_related = ["message"]
    list_filter = ["state", "channel"]
    ordering = ["-id"]
    actions = ["try_again"]

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
                requeue_delivery(delivery=delivery, actor_id=cast(UUID, request.user.pk))
            except DomainError:
                continue
            count += 1
        text = ngettext("%d delivery will be tried again.", "%d deliveries will be tried again.", count) % count
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)

    def has_requeue_permission(self, request: HttpRequest) -> bool:
        """Django's change permission, although the rows themselves are read-only."""
        return request.user.has_perm("notifications.change_delivery")
