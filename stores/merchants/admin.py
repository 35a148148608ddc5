"""Stores in the back office."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import BaseModelFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from marketplace.core import access
from marketplace.core.admin import ScopedAdmin
from marketplace.core.admin_forms import RefusalsShown, ScopedInline, VersionedForm, changed_columns
from marketplace.core.admin_map import MapPicker

from . import services
from .models import Store, StoreMember
from .selectors import owned_stores, present_stores

STATE_COLOURS = {"open": "success", "paused": "warning", "closed": "danger"}


class StoreForm(VersionedForm):
    """All of a store that staff set."""

    class Meta:
        model = Store
        fields = [
            "name",
            "slug",
            "state",
            "latitude",
            "longitude",
            "currency",
            "language",
            "commission_bp",
        ]


class MemberInline(ScopedInline):
    """Who runs the store."""

    model = StoreMember
    fields = ["user", "role"]
    autocomplete_fields = ["user"]

    def _may_change_parent(self, request: HttpRequest, obj: Model | None) -> bool:
        """Only owners choose people."""
        if obj is None:
            return access.reach(request.user, "catalog:write").everywhere
        return owned_stores(request.user).filter(pk=obj.pk).exists()


@admin.register(Store)
class StoreAdmin(MapPicker, RefusalsShown, ScopedAdmin):
    """Everybody with a key of the catalogue sees all stores, to name one; changing one is for its people."""

    access_area = "catalog"
    store_path = "pk"
    form = StoreForm
    inlines = [MemberInline]
    list_display = ["name", "shown_state", "currency", "latitude", "longitude", "commission_bp"]
    list_filter = ["state", "currency"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    actions = ["archive"]

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, store: Store) -> tuple[str, str]:
        """With its colour."""
        return store.state, store.get_state_display()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Store]:
        where = access.reach(request.user, "catalog:read")
        return present_stores().none() if where.is_empty else present_stores()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return not access.reach(request.user, "catalog:read").is_empty

    def has_add_permission(self, request: HttpRequest) -> bool:
        return access.reach(request.user, "catalog:write").everywhere

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """The terms are the house's to set."""
        return [] if access.reach(request.user, "catalog:write").everywhere else ["commission_bp"]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Model | None = None) -> dict[str, list[str]]:
        return {"slug": ["name"]} if obj is None else {}

    def save_model(self, request: HttpRequest, obj: Store, form: StoreForm, change: bool) -> None:
        if change:
            services.change_store(
                store=Store.objects.get(pk=obj.pk),
                expected_version=form.cleaned_data["expected_version"],
                changes=changed_columns(form),
                actor_id=request.user.pk,
            )
            return
        names = [name for name in form.cleaned_data if name != "expected_version"]
        values = {name: getattr(obj, name) for name in names}
        obj.pk = services.create_store(**values, actor_id=request.user.pk).pk
        obj.refresh_from_db()

    def save_formset(
        self, request: HttpRequest, form: Any, formset: "BaseModelFormSet[StoreMember, Any]", change: bool
    ) -> None:
        """People are added, promoted and removed by the same services as through the API."""
        store = Store.objects.get(pk=form.instance.pk)
        formset.save(commit=False)
        # Those who become owners first: in between there is always one.
        changed = sorted((member for member, _names in formset.changed_objects), key=lambda row: row.role != "owner")
        for member in formset.new_objects:
            services.add_member(store=store, user_id=member.user_id, role=member.role, actor_id=request.user.pk)
        for member in changed:
            services.change_role(member=member, role=member.role, actor_id=request.user.pk)
        for member in formset.deleted_objects:
            services.remove_member(member=member, actor_id=request.user.pk)

    @admin.action(description=_("Delete: close for good and take out of the shop"), permissions=["archive"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Store]) -> None:
        """Books stay; the store is gone from view."""
        mine = owned_stores(request.user).filter(pk__in=queryset.values("pk"))
        for store in mine:
            services.archive_store(store=store, expected_version=None, at=timezone.now(), actor_id=request.user.pk)

    def has_archive_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)
