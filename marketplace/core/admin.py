"""Bases of the admin pages: services write, keys decide, books are read-only."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import BigIntegerField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import TabularInline

from . import access
from .admin_forms import RefusalsShown, refusal_text
from .admin_history import history_of
from .admin_lists import ModelAdmin
from .audit import AuditEntry
from .bus.models import BusMessage
from .errors import DomainError
from .jobs import JobSlot
from .outbox.models import EventDelivery, OutboxEvent
from .outbox.retrying import try_again


class HistoryShown:
    """Mix into a ModelAdmin: its History button shows the audit trail of the object, for whoever may see the object."""

    object_history_template: Any = "core/object_history.html"

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # Django's view lets nobody in who may not see the object; what it shows is ours.
        key = object_id.replace("\x00", "")  # PostgreSQL has no such character
        trail = {"trail": history_of(self.model._meta.label_lower, key, request.GET.get("page"))}  # type: ignore[attr-defined]
        answer: HttpResponse = super().history_view(request, object_id, trail | (extra_context or {}))  # type: ignore[misc]
        return answer


class SearchedInOrder:
    """Mix into a ModelAdmin: the search field of other forms pages through its rows in a stated order.

    Without one it would repeat and miss rows.
    """

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        if not queryset.ordered:
            queryset = queryset.order_by(*(self.get_ordering(request) or ["-pk"]))  # type: ignore[attr-defined]
        words = search_term.replace("\x00", "")  # the list's own form refuses it, completion does not
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, words)  # type: ignore[misc]
        return found


class ScopedAdmin(SearchedInOrder, HistoryShown, ModelAdmin):
    """Objects of one area, only within the person's reach; without a key the page does not exist for them.

    `access_area` names the area; `department_path` and `store_path` lead from the object to its department
    and store ids, as `core.access.within` takes them.
    """

    access_area: ClassVar[str] = ""
    department_path: ClassVar[str] = ""
    store_path: ClassVar[str] = ""

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Model, Any]":
        where = access.reach(request.user, f"{self.access_area}:read")
        rows: QuerySet[Model, Any] = super().get_queryset(request)
        return access.within(rows, where, department_path=self.department_path, store_path=self.store_path)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "read", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "write", None)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "write", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "write", obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Also refuses to move an object, or to make one, where the person's keys do not reach."""
        super().save_related(request, form, formsets, change)
        if not self._may(request, "write", form.instance):
            raise PermissionDenied

    def _may(self, request: HttpRequest, verb: str, obj: Model | None) -> bool:
        where = access.reach(request.user, f"{self.access_area}:{verb}")
        if where.everywhere or where.is_empty:
            return where.everywhere
        if obj is None:
            # A page that only leads to departments is nothing for whoever has a store alone, and the other way round.
            leads_there = (self.department_path and where.departments) or (self.store_path and where.stores)
            return bool(leads_there) or not (self.department_path or self.store_path)
        mine = type(obj)._default_manager.filter(pk=obj.pk)
        return access.within(mine, where, department_path=self.department_path, store_path=self.store_path).exists()


class ServiceAdmin(SearchedInOrder, HistoryShown, RefusalsShown, ModelAdmin):
    """Pages whose writes go through services: a refusal is shown, and nothing has happened."""

    def each(self, request: HttpRequest, rows: "Iterable[Model]", act: Callable[[Any], object]) -> None:
        """An action: do it to each of the rows, say how many it was done to, and each refusal by its row."""
        done = 0
        for row in rows:
            try:
                act(row)
                done += 1
            except DomainError as error:
                self.message_user(request, f"{row}: {refusal_text(error)}", messages.ERROR)
        if done:
            self.message_user(request, _("%(count)s done.") % {"count": done}, messages.SUCCESS)


class ReadOnlyAdmin(SearchedInOrder, ModelAdmin):
    """Books and derived rows: to look at, for people with Django's view permission."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """Rows of a parent, to look at."""

    extra = 0
    can_delete = False
    hide_title = True  # the columns say it

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what."""

    list_display = ["at", "action", "object_type", "object_id", "actor_id", "reason"]
    list_filter = ["action", "object_type"]
    search_fields = ["object_id", "request_id"]
    date_hierarchy = "at"


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    """What was published."""

    list_display = ["id", "wire_name", "created_at", "relayed_at", "request_id"]
    list_filter = ["wire_name"]


@admin.register(EventDelivery)
class EventDeliveryAdmin(ReadOnlyAdmin):
    """What waits, what is done, what is parked."""

    list_display = ["id", "handler", "state", "attempts", "due_at", "done_at", "last_error"]
    list_filter = ["state", "handler"]
    actions = ["try_again"]

    @admin.action(description=gettext_lazy("Try parked deliveries again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, rows: "QuerySet[EventDelivery]") -> None:
        """All its attempts anew for each parked one; the others are passed over."""
        count = try_again(rows, actor_id=request.user.pk)
        text = ngettext("%d delivery will be tried again.", "%d deliveries will be tried again.", count) % count
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Django's change permission, although the rows themselves are read-only."""
        return request.user.has_perm("core.change_eventdelivery")


@admin.register(BusMessage)
class BusMessageAdmin(ReadOnlyAdmin):
    """What waits for other systems, what they took, what is parked."""

    list_display = ["event", "partition_key", "state", "attempts", "due_at", "sent_at", "last_error"]
    list_filter = ["state"]
    list_select_related = ["event"]
    search_fields = ["partition_key"]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> BusMessage | None:
        """None for what is no number of an event; Django does not look at the range of another table's key."""
        is_number = object_id.isascii() and object_id.isdigit() and len(object_id) < 20
        if not is_number or int(object_id) > BigIntegerField.MAX_BIGINT:
            return None
        found: BusMessage | None = super().get_object(request, object_id, from_field)
        return found


@admin.register(JobSlot)
class JobSlotAdmin(ReadOnlyAdmin):
    """Which periodic work ran."""

    list_display = ["job", "slot", "taken_at"]
    list_filter = ["job"]
